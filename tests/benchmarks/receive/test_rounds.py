from pathlib import Path

import pytest

from benchmarks.receive.page import table
from benchmarks.receive.receivers import NAIVE, OURS, Receiver
from benchmarks.receive.rounds import Run, median_and_range, ratios, rounds
from benchmarks.receive.workloads import Workload

SMALL = Workload(name="S", what="small ones", instances=3, rows=64, columns=64)


def _run(receiver: str, number: int, seconds: float) -> Run:
    return Run(
        workload="S", receiver=receiver, round=number, instances=3, seconds=seconds, milliseconds=[1.0, 2.0, 9.0],
        processor_seconds=0.5, load=0.0,
    )  # fmt: skip


RUNS = [_run(OURS.name, 0, 1.0), _run(NAIVE.name, 0, 2.0), _run(OURS.name, 1, 1.0), _run(NAIVE.name, 1, 4.0)]


def test_ratios_are_taken_inside_a_round() -> None:
    assert ratios(RUNS, "S", OURS.name, NAIVE.name) == [2.0, 4.0]
    assert ratios(RUNS[:3], "S", OURS.name, NAIVE.name) == [2.0]
    assert ratios(RUNS, "W1", OURS.name, NAIVE.name) == []


def test_a_median_has_its_range() -> None:
    assert median_and_range([3.0, 1.0, 2.0]) == "2.00 (1.00 to 3.00)"
    assert median_and_range([]) == "-"


def test_a_table_has_a_line_for_each_receiver_that_ran() -> None:
    lines = table(RUNS, SMALL, [OURS, NAIVE], NAIVE).splitlines()
    assert lines[0] == "**S**: 3 small ones; 2 rounds."
    assert lines[-2] == (
        "| Opportune | flushed and registered (SQLite) | 3 (3 to 3) | 3.00 (2.00 to 4.00) | 2.0 | 9.0 | 0.50 |"
    )
    assert len(table(RUNS[:1], SMALL, [OURS, NAIVE], OURS).splitlines()) == 5


@pytest.mark.slow
def test_a_round_of_each(tmp_path: Path) -> None:
    found = list(rounds([SMALL], [OURS, NAIVE], tmp_path, 2))
    assert sorted((run.round, run.receiver) for run in found) == sorted(
        (number, receiver.name) for number in range(2) for receiver in (OURS, NAIVE)
    )
    assert all(len(run.milliseconds) == 3 and run.per_second > 0 and run.processor_seconds >= 0 for run in found)
    assert not (tmp_path / "store").exists()


def test_a_receiver_that_does_not_start_is_told(tmp_path: Path) -> None:
    broken = Receiver(name="broken", what="nothing", command=lambda *_: ["false"])
    with pytest.raises(RuntimeError, match="broken does not listen"), broken.running(tmp_path / "store"):
        pass
