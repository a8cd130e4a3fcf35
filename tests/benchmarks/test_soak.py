"""The soak's arithmetic; the run itself takes minutes and is a measurement."""

import os
from pathlib import Path

import pytest

from benchmarks.soak_page import Curve, Soak, report, write
from benchmarks.soak_samples import Held, Sample, held
from benchmarks.soak_traffic import BURST, BURST_EVERY_SECONDS, SHARES, Templates, arrivals
from tests.faults.oracle import Verdict


class _Templates(Templates):
    """As many images as a kind has letters."""

    def __init__(self) -> None:
        self._files = {kind: [Path()] * len(kind) for kind in SHARES}


def test_the_rate_is_the_one_asked_for_and_bursts_are_a_part_of_it() -> None:
    templates = _Templates()
    due = list(arrivals(60, 3, templates))
    assert sum(templates.images(arrival.kind) for arrival in due) == pytest.approx(3 * 3600, rel=0.05)
    assert [arrival.seconds for arrival in due] == sorted(arrival.seconds for arrival in due)
    at_once = [arrival.kind for arrival in due if arrival.seconds == BURST_EVERY_SECONDS / 2]
    assert sorted(at_once) == sorted(BURST)


@pytest.mark.parametrize(
    ("values", "flat"), [([5, 100, 100, 100, 110, 110], True), ([100, 100, 100, 100, 200, 200], False)]
)
def test_flat_is_what_does_not_grow_after_the_first_third(values: list[float], flat: bool) -> None:
    assert Curve(what="memory, MB", role="worker", values=values).flat is flat


def test_a_process_holds_memory_files_and_threads() -> None:
    before = held(os.getpid())
    assert before.megabytes > 10
    assert before.threads >= 1
    with Path(os.devnull).open("rb"), Path(os.devnull).open("rb"):
        assert held(os.getpid()).files == before.files + 2


def test_a_process_that_is_gone_holds_nothing() -> None:
    assert held(2**22 + 1) == Held(megabytes=0, files=0, threads=0)


def _soak(lost: int = 0, last_files: int = 20) -> Soak:
    samples = [
        Sample(
            seconds=60.0 * k, held={"listener": Held(megabytes=200, files=last_files if k > 3 else 20, threads=9)},
            log_megabytes=64, waiting=k,
        )
        for k in range(6)
    ]  # fmt: skip
    return Soak(
        mode="production", sending_seconds=300, afterwards_seconds=12, images=900, studies=30, slowest_send_seconds=4,
        verdict=Verdict(acknowledged=900, lost=lost, duplicates=0), unfinished=[], samples=samples,
    )  # fmt: skip


def test_the_report_and_the_page(tmp_path: Path) -> None:
    said = report(_soak())
    assert "900 images of 30 studies in 5.0 minutes, 3.0 a second" in said
    assert "| listener | open files | 20 | 20 | 20 | 20 | yes |" in said
    write(tmp_path / "soak.md", _soak())
    assert "](soak.png)" in (tmp_path / "soak.md").read_text()
    assert (tmp_path / "soak.png").read_bytes().startswith(b"\x89PNG")


def test_growth_and_loss_are_not_good() -> None:
    assert _soak().good
    assert not _soak(lost=1).good
    assert not _soak(last_files=200).good
    assert "| listener | open files | 20 | 20 | 200 | 200 | NO |" in report(_soak(last_files=200))
