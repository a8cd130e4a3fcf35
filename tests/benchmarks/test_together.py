"""The benchmark of going together, on a child that does nothing; one slow run with a shipped model."""

import threading
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from benchmarks import together
from benchmarks.clinical import ClinicalStudies
from benchmarks.together import Differs, Took, measure, requests_of, table
from screening.reports import Report
from screening.settings import Settings, WorkerSettings
from tests.db.factories import make_findings, make_report
from tests.worker.factories import make_request
from tests.worker.sandbox.scripted import ScriptedSandbox
from worker.request import ScreenRequest
from worker.sandbox.parent import Sandbox
from worker.sandbox.protocol import Answer

GOOD = Answer(make_findings(), make_report())
OTHER = Answer(make_findings(), Report(objects=GOOD.report.objects[:1]))


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that is none has used no processor time."""
    monkeypatch.setattr(together, "_processor_seconds", lambda _: 0.0)


def test_every_way_takes_all_radiographs_once_a_round() -> None:
    sandbox = ScriptedSandbox(GOOD)
    took = measure(sandbox, [make_request()] * 4, 3)
    assert {way: len(each) for way, each in took.items()} == {1: 3, 2: 3, 4: 3}
    assert sorted(map(len, sandbox.batches)) == [1] * (4 + 3 * 4) + [2] * (3 * 2) + [4] * 3


class Wrong(ScriptedSandbox):
    """Answers otherwise where several are asked."""

    def run_together(
        self, requests: Sequence[ScreenRequest], *, cancelled: Sequence[threading.Event]
    ) -> Generator[tuple[int, Answer | Exception], None, None]:
        yield from enumerate([OTHER] * len(requests))


def test_other_bytes_are_no_result() -> None:
    with pytest.raises(Differs, match="at a time gave other objects"):
        measure(Wrong(GOOD), [make_request()] * 4, 1)


def test_ratios_are_of_the_same_round() -> None:
    alone = [Took(jobs=8, seconds=8, processor=4), Took(jobs=8, seconds=4, processor=4)]
    two = [Took(jobs=8, seconds=4, processor=8), Took(jobs=8, seconds=4, processor=8)]
    lines = table({"m": {1: alone, 2: two}}).splitlines()
    assert lines[2:] == [
        "| `m` | 1 | 1.50 | 1.00 (1.00 to 1.00) | 0.50 |",
        "| `m` | 2 | 2.00 | 1.50 (1.00 to 2.00) | 1.00 |",
    ]


@pytest.mark.slow
def test_a_shipped_model_gives_the_same_bytes_either_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    settings = Settings(home=tmp_path, worker=WorkerSettings(engine="torch", device="cpu", threads=1))
    templates = ClinicalStudies(tmp_path / "templates", longest_side=400, scans=False)
    sandbox = Sandbox(settings.worker)
    try:
        requests = requests_of(templates, "pediatric_age_cxr", 2, settings, tmp_path / "sent")
        took = measure(sandbox, requests, 1, ways=(1, 2))
    finally:
        sandbox.close()
    assert all(one.processor > 0 for each in took.values() for one in each)
