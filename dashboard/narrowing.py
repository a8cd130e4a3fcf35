"""Which studies a form or an address asks for, and where its page begins."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from db.study_list import Place, StudyLine, Wanted
from screening.jobs import JobState

_LAST_YEAR = 9999
_DIGITS = 18  # of a number that both databases hold


def wanted(fields: Mapping[str, str]) -> Wanted:
    """Which studies. Raises ValueError, with words for who asks, when a field makes no sense."""
    state = fields.get("state", "")
    if state and state not in list(JobState):
        raise ValueError("there is no such state")
    since, before = days(fields)
    return Wanted(
        text=fields.get("text", "").strip(),
        state=JobState(state) if state else None,
        model=fields.get("model", ""),
        since=since,
        before=before,
    )


def days(fields: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    """From which moment on (`since`) and before which one (the end of `until`). Raises ValueError as `wanted` does."""
    since, until = _day(fields.get("since", "")), _day(fields.get("until", ""))
    if until is not None and until.year >= _LAST_YEAR:
        raise ValueError("there is no such day")
    return since, None if until is None else until + timedelta(days=1)


def _day(text: str) -> datetime | None:
    """The begin of a day, in this computer's time zone."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time()).astimezone()
    except (ValueError, OverflowError):
        raise ValueError("a day is written as 2026-03-02") from None


def mark(line: StudyLine) -> str:
    """What the next page is asked by: its place after this study."""
    return f"{line.first_received_at.isoformat()}_{line.study_id}"


def place(text: str) -> Place | None:
    """The place that `mark` wrote, None for an empty text. Raises ValueError when it is none."""
    if not text:
        return None
    at, _, number = text.rpartition("_")
    if not number.isdecimal() or len(number) > _DIGITS:
        raise ValueError("there is no such page")
    try:
        found = Place(at=datetime.fromisoformat(at), study_id=int(number))
    except ValueError:
        raise ValueError("there is no such page") from None
    if found.at.tzinfo is None:
        raise ValueError("there is no such page")
    return found
