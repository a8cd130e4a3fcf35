"""The short form of the matrix: a listener and a worker are killed, with the runner and the oracle of the long form."""

from pathlib import Path

import pytest

from tests.faults.__main__ import ROWS, chosen, missing, run
from tests.faults.matrix import Effort, Outcome
from tests.faults.page import figure, page
from tests.faults.parts import Part, keep, read, together

EFFORT = Effort(kills=1, random=1, minutes=0.1, judge_times=False)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_kills_of_an_embedded_node(tmp_path: Path) -> None:
    outcomes = list(run(chosen("4,9", short=False), EFFORT, tmp_path, ("embedded",)))
    assert [(item.number, item.runs, item.acknowledged, item.failure) for item in outcomes] == [
        ("4", 1, 1, None),
        ("9", 1, 1, None),
    ]
    assert all(item.good for item in outcomes)


def test_numbers_are_unique_and_the_short_form_is_a_part() -> None:
    numbers = [row.number for row in ROWS]
    assert len(set(numbers)) == len(numbers)
    short = {row.number for row in chosen(None, short=True)}
    assert short < set(numbers)
    assert {"4", "9"} <= short, "a kill of the listener and one of a worker"


def outcome(**changes: object) -> Outcome:
    values: dict[str, object] = {
        "number": "4", "fault": "kill", "expected": "nothing lost", "mode": "embedded", "runs": 20, "acknowledged": 21,
        "lost": 0, "duplicates": 0, "recovery_seconds": 2.345, "failure": None,
    }  # fmt: skip
    return Outcome(**(values | changes))  # type: ignore[arg-type]


def test_the_page() -> None:
    written = page([outcome(), outcome(number="5", lost=1, recovery_seconds=None)], ["this machine"])
    assert "| 4 | kill | nothing lost | embedded | 20 | 21 | 0 | 0 | 2.3 | ok |" in written
    assert "| 1 | 0 |  | FAILED" in written
    assert "40 faults of 2 kinds injected, 42 objects acknowledged: 1 lost, 0 results twice" in figure(
        [outcome(), outcome(number="5", lost=1)]
    )


def test_rows_that_did_not_run_are_named() -> None:
    left = missing([outcome(mode=mode, number=row.number) for row in ROWS for mode in row.modes if row.number != "4"])
    assert left == ["4 embedded", "4 production"]
    assert "**Not run yet**: 4 embedded, 4 production." in page([outcome()], ["this machine"], left)
    assert "Not run" not in page([outcome()], ["this machine"], [])


def test_parts_become_one_in_the_order_of_the_matrix(tmp_path: Path) -> None:
    first = Part("quiet", [outcome(number="5"), outcome(mode="production")])
    keep(tmp_path / "first.json", first)
    assert read(tmp_path / "first.json") == first
    second = Part("busy", [outcome()])
    found = together([first, second], ["4", "5"])
    assert [(item.mode, item.number) for item in found] == [("embedded", "4"), ("embedded", "5"), ("production", "4")]
    with pytest.raises(ValueError, match="row 4, embedded, is in two parts"):
        together([second, second], ["4", "5"])


@pytest.mark.parametrize("change", [{"lost": 1}, {"duplicates": 1}, {"failure": "x"}, {"runs": 0}])
def test_what_did_not_hold_is_not_good(change: dict[str, object]) -> None:
    assert outcome().good
    assert not outcome(**change).good
