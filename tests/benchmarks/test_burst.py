"""What comes when, and how it is told."""

from collections import Counter

import pytest

from benchmarks.burst import MIX, Burst, due


def test_the_mix_is_three_hundred_radiographs_and_twenty_scans() -> None:
    assert Counter(kind.rpartition("_")[2] for kind in MIX.elements()) == {"cxr": 200, "xr": 100, "ct": 20}


def test_studies_come_evenly_in_a_random_order_that_is_always_the_same() -> None:
    plan = due({"a": 30, "b": 10}, 20)
    assert Counter(kind for _, kind in plan) == {"a": 30, "b": 10}
    assert [moment for moment, _ in plan] == pytest.approx([0.5 * k for k in range(40)])
    assert [kind for _, kind in plan] != ["a"] * 30 + ["b"] * 10
    assert due({"a": 30, "b": 10}, 20) == plan


def test_a_line_tells_what_came_of_it() -> None:
    found = Burst(
        studies=4, sending_seconds=10, last_result_seconds=31.4, queue_seconds=[1, 2, 3], refused=0,
        results=Counter(inferred=3, quarantined=1),
    )  # fmt: skip
    assert found.line == "4 | 10 | 31 | 2.0 / 2.9 | 0 | 3 inferred, 1 quarantined"
