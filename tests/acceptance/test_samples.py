"""Every sample of every kind, malformed ones too, sent twice: no crash, no double, each file accounted for."""

from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.conftest import MODES, MakeNode
from tests.acceptance.node import wait_for
from tests.acceptance.objects import reports_per_study
from tests.acceptance.sending import answers_echo, send
from tests.servers.orthanc import Orthanc

pytestmark = [pytest.mark.orthanc, pytest.mark.real_data, pytest.mark.slow]


@pytest.mark.parametrize("mode", MODES)
def test_everything_is_accounted_for(mode: str, make_node: MakeNode, orthanc: Orthanc, real_data: Path) -> None:
    node = make_node(mode)
    node.start()
    files = [path for path in (real_data / "dicom_samples").rglob("*.dcm") if path.is_file()]
    taken: Counter[str] = Counter()
    reports: list[Counter[str]] = []
    for _ in range(2):
        for path in sorted(files):
            (result,) = send(node, [path])
            taken["stored" if result.stored else "refused" if result.status is not None else "not sent"] += 1
            assert answers_echo(node)
        wait_for("everything done", lambda: node.settled(received=taken["stored"]), 240)
        reports.append(reports_per_study(orthanc))
    counts = node.json("status")
    instances = counts["instances"]
    assert sum(instances.values()) == taken["stored"]
    assert instances["received"] == 0
    assert sum(counts["refused_by_status"].values()) == taken["refused"]
    assert sum(taken.values()) == 2 * len(files)
    assert instances["indexed"] > 0
    assert instances["unreadable"] > 0
    # the second round repeats the first: nothing new is indexed, nothing is reported again
    assert instances["duplicate"] >= instances["indexed"]
    assert reports[0] == reports[1]
    assert set(reports[0].values()) <= {1}
    assert counts["jobs"]["quarantined"] == 0
    assert all(process.poll() is None for process in node.processes.values())
