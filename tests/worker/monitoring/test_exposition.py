"""The exposition format; promtool is its other reader."""

import math
import os
import shutil
import subprocess

import pytest

from worker.monitoring.exposition import Metric, Sample, histogram, render


def promtool(text: str) -> list[str]:
    """What promtool finds wrong with an exposition."""
    if shutil.which("promtool") is None:
        message = "promtool not installed: run deploy/install-test-servers.sh prometheus"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    ended = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False, timeout=60
    )
    return [line for line in (ended.stdout + ended.stderr).splitlines() if line]


def test_each_kind_as_prometheus_writes_it() -> None:
    text = render([
        Metric("a_total", "counter", "Of it", [Sample(3, [("state", "x")])]),
        Metric("b", "gauge", "Level", [Sample(1.5), Sample(math.inf, [("y", "z")])]),
        Metric("c_seconds", "histogram", "Time", histogram((1, 2.5), (2, 3), 4, 9.25, ("model", "m"))),
        Metric("d", "gauge", "Nothing yet", []),
    ])  # fmt: skip
    assert text == (
        '# HELP a_total Of it\n# TYPE a_total counter\na_total{state="x"} 3\n'
        '# HELP b Level\n# TYPE b gauge\nb 1.5\nb{y="z"} +Inf\n'
        "# HELP c_seconds Time\n# TYPE c_seconds histogram\n"
        'c_seconds_bucket{model="m",le="1"} 2\nc_seconds_bucket{model="m",le="2.5"} 3\n'
        'c_seconds_bucket{model="m",le="+Inf"} 4\nc_seconds_sum{model="m"} 9.25\nc_seconds_count{model="m"} 4\n'
        "# HELP d Nothing yet\n# TYPE d gauge\n"
    )
    assert promtool(text) == []


def test_what_a_label_may_hold() -> None:
    text = render([Metric("a", "gauge", "x", [Sample(1, [("name", 'a"b\\c\nd')])])])
    assert text.splitlines()[2] == 'a{name="a\\"b\\\\c\\nd"} 1'
    assert promtool(text) == []


def test_promtool_would_object() -> None:
    assert promtool("# TYPE a counter\na 1\n") != []


@pytest.mark.parametrize(
    ("name", "kind", "said"), [("a", "counter", "_total"), ("a_total", "gauge", "_total"), ("A-b", "gauge", "names")]
)
def test_names_are_those_of_prometheus(name: str, kind: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Metric(name, kind, "x", [])  # type: ignore[arg-type]
