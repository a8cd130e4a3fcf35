"""Which troubles are told when."""

from datetime import UTC, datetime, timedelta

import pytest

from screening.monitoring_settings import Notify
from worker.monitoring.notices import Memory, Notice, body, compose, subject
from worker.monitoring.troubles import Trouble

START = datetime(2026, 5, 4, 9, tzinfo=UTC)
SETTINGS = Notify(pause_minutes=15, again_hours=24)


def _quarantine(number: int) -> list[Trouble]:
    return [Trouble(key="quarantine", text=f"{number} jobs", number=number)] if number else []


def _run(*steps: tuple[float, int]) -> list[Notice | None]:
    """The notices of a course: minutes since the start, and how many jobs are in quarantine."""
    memory: Memory = {}
    said = []
    for minutes, number in steps:
        notice, memory = compose(_quarantine(number), memory, SETTINGS, START + timedelta(minutes=minutes))
        said.append(notice)
    return said


def _lines(*steps: tuple[float, int]) -> list[tuple[str, ...]]:
    return [() if notice is None else notice.lines for notice in _run(*steps)]


def test_what_is_new_is_told_at_once_and_once() -> None:
    assert _lines((0, 0), (1, 2), (2, 2), (60, 2)) == [(), ("2 jobs",), (), ()]


def test_growth_is_told_after_a_pause() -> None:
    said = _lines((0, 1), (5, 4), (14, 4), (15, 4), (16, 5))
    assert said == [("1 jobs",), (), (), ("4 jobs, 3 more than was told before",), ()]


def test_fewer_are_no_news_but_then_growth_counts_from_there() -> None:
    assert _lines((0, 5), (20, 2), (40, 3)) == [("5 jobs",), (), ("3 jobs, 1 more than was told before",)]


def test_what_lasts_is_told_again() -> None:
    day = 24 * 60
    assert _lines((0, 1), (day - 1, 1), (day, 1), (day + 1, 1)) == [("1 jobs",), (), ("still: 1 jobs",), ()]


def test_the_end_is_told_once() -> None:
    said = _run((0, 1), (1, 0), (2, 0))
    assert said[1:] == [Notice(lines=(), over=("quarantine",)), None]


@pytest.mark.parametrize(
    ("notice", "said"),
    [
        (Notice(lines=("a",), over=()), "OPPORTUNE: a"),
        (Notice(lines=("a", "b", "c"), over=()), "OPPORTUNE: a and 2 more"),
        (Notice(lines=(), over=("quarantine",)), "OPPORTUNE: works again"),
        (Notice(lines=("a\nBcc: x@y",), over=()), r"OPPORTUNE: a\nBcc: x@y"),
    ],
)
def test_subject(notice: Notice, said: str) -> None:
    assert subject(notice, "OPPORTUNE") == said


def test_body_says_everything() -> None:
    text = body(Notice(lines=("a", "b"), over=("c",)), "OPPORTUNE")
    assert text.splitlines()[2:5] == ["- a", "- b", "- over: c"]
