"""The arithmetic of the whole node's tables; the runs themselves take minutes and are measurements."""

from datetime import UTC, datetime

import pytest

from benchmarks.figures import machine, percentile
from benchmarks.overhead import NOT_OURS, STAGES, Studies, overhead, table
from db.timeline import Span

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def _spans(**seconds: float) -> list[Span]:
    return [Span(name=name, began=NOON, seconds=value) for name, value in seconds.items()]


def test_the_overhead_is_what_is_neither_waiting_for_the_study_nor_decoding_nor_networks() -> None:
    studies = Studies()
    for factor in (10, 1, 2, 3):
        studies.add(_spans(receive=9, quiet=60, intake=0.5 * factor, decode=7, network=8, send=0.25 * factor))
    assert overhead(studies.first) == 7.5
    assert studies.overhead == [0.75, 1.5, 2.25]
    assert studies.of("send") == [0.25, 0.5, 0.75]
    assert studies.of("load") == [0, 0, 0]


def test_every_stage_is_counted_or_left_out_on_purpose() -> None:
    assert not set(STAGES) & set(NOT_OURS)
    with pytest.raises(ValueError, match="got confirm"):
        overhead({"confirm": 1})


def test_the_table_has_a_column_for_each_model_and_the_first_apart() -> None:
    studies = Studies()
    for seconds in (10.0, 0.2, 0.4):
        studies.add(_spans(predict=seconds, decode=1, network=2, send=0.1))
    lines = table({"cap_mortality_cxr": studies}).splitlines()
    assert lines[0] == "| seconds, median (95 %) | cap_mortality_cxr |"
    assert "| studies | 2 |" in lines
    assert "| predict | 0.300 (0.390) |" in lines
    assert "| decode (not counted) | 1.000 (1.000) |" in lines
    assert "| **overhead** | **0.400 (0.490)** |" in lines
    assert "| meant: at most | 0.5 |" in lines
    assert lines[-1] == "| overhead of the first after a start | 10.10 |"


def test_percentiles_lie_between_neighbours() -> None:
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile([0, 10], 0.95) == pytest.approx(9.5)
    assert percentile([4], 0.95) == 4


def test_the_machine_is_told_without_its_name() -> None:
    assert "cores" in machine()
    assert len(machine().splitlines()) == 1
