"""Which piece of time a chart is about, in this computer's time zone: a day, a week or thirty days, and its bars."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

SPANS = {"day": 1, "week": 7, "month": 30}
"""Days."""

_FORMATS = {"day": "%H:%M", "week": "%a %d %H:%M", "month": "%m-%d"}
_FIRST_YEAR = 2000  # before that there was no such node; the begin of time has no time zones


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """One."""

    span: str
    last: date  #: its last day
    bounds: tuple[datetime, ...]  #: rising; bar k is from bounds[k] on and before bounds[k + 1]
    running: bool  #: the last bar is not over

    @property
    def labels(self) -> list[str]:
        """What stands at the begin of each bar."""
        return [f"{at.astimezone():{_FORMATS[self.span]}}" for at in self.bounds[:-1]]

    @property
    def first(self) -> date:
        """Its first day."""
        return self.last - timedelta(days=SPANS[self.span] - 1)

    @property
    def earlier(self) -> date:
        """The last day of the window before."""
        return self.first - timedelta(days=1)

    @property
    def later(self) -> date:
        """The last day of the window after."""
        return self.last + timedelta(days=SPANS[self.span])


def window(fields: Mapping[str, str], now: datetime) -> Window:
    """The window that an address asks for by `span` and `until`, its last day; the present day by default.

    Bars that have not begun are left out.

    Raises
    ------
    ValueError
        With words for who asks, when a field makes no sense.
    """
    span, text, today = fields.get("span") or "day", fields.get("until", ""), now.astimezone().date()
    if span not in SPANS:
        raise ValueError(f"span must be one of {', '.join(SPANS)}")
    try:
        last = date.fromisoformat(text) if text else today
    except ValueError:
        raise ValueError("a day is written as 2026-03-02") from None
    if not date(_FIRST_YEAR, 1, 1) <= last:
        raise ValueError("there is no such day")
    last = min(last, today)
    found = list(_bounds(span, last))
    begun = [at for at in found[:-1] if at <= now]
    bounds = (*begun, found[len(begun)])
    return Window(span=span, last=last, bounds=bounds, running=bounds[-1] > now)


def _bounds(span: str, last: date) -> Iterator[datetime]:
    begin, end = last - timedelta(days=SPANS[span] - 1), last + timedelta(days=1)
    if span == "day":  # by the hours that pass: a day on which clocks are put forward has 23
        at = _at(begin, 0)
        while at < _at(end, 0):
            yield at
            at += timedelta(hours=1)
    else:
        hours = (0, 6, 12, 18) if span == "week" else (0,)
        for number in range(SPANS[span]):
            for hour in hours:
                yield _at(begin + timedelta(days=number), hour)
    yield _at(end, 0)


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour)).astimezone(UTC)
