"""Windows of time and their bars, in the computer's time zone, also where clocks are put forward and back."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest

from dashboard.windows import window

Zone = Callable[[str], None]
NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zone]:
    def put(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield put
    monkeypatch.undo()
    time.tzset()


def test_today_ends_with_the_running_hour(zone: Zone) -> None:
    zone("UTC")
    found = window({}, NOW)
    assert (found.span, found.first, found.last, found.running) == ("day", date(2026, 3, 10), date(2026, 3, 10), True)
    assert (found.bounds[0], found.bounds[-1]) == (NOW.replace(hour=0, minute=0), NOW.replace(hour=13, minute=0))
    assert (found.labels[0], found.labels[-1], len(found.labels)) == ("00:00", "12:00", 13)


@pytest.mark.parametrize(
    ("span", "bars", "first", "label"),
    [("day", 24, date(2026, 3, 3), "00:00"), ("week", 28, date(2026, 2, 25), "Wed 25 00:00"),
     ("month", 30, date(2026, 2, 2), "02-02")],
)  # fmt: skip
def test_each_span(zone: Zone, span: str, bars: int, first: date, label: str) -> None:
    zone("UTC")
    found = window({"span": span, "until": "2026-03-03"}, NOW)
    assert (len(found.labels), found.first, found.labels[0], found.running) == (bars, first, label, False)
    much_later = NOW.replace(month=12)
    assert window({"span": span, "until": str(found.earlier)}, much_later).bounds[-1] == found.bounds[0]
    assert window({"span": span, "until": str(found.later)}, much_later).bounds[0] == found.bounds[-1]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)])
def test_a_day_on_which_clocks_change(zone: Zone, day: str, hours: int) -> None:
    zone("Europe/Berlin")
    found = window({"until": day}, datetime(2026, 12, 1, tzinfo=UTC))
    assert len(found.labels) == hours
    assert f"{found.bounds[0].astimezone():%H:%M}" == f"{found.bounds[-1].astimezone():%H:%M}" == "00:00"
    week = window({"span": "week", "until": day}, datetime(2026, 12, 1, tzinfo=UTC))
    assert {label[-5:] for label in week.labels} == {"00:00", "06:00", "12:00", "18:00"}


def test_bounds_lie_on_quarters_of_an_hour_in_kathmandu(zone: Zone) -> None:
    zone("Asia/Kathmandu")
    found = window({"until": "2026-03-03"}, NOW)
    assert found.bounds[0] == datetime(2026, 3, 2, 18, 15, tzinfo=UTC)


def test_a_day_to_come_is_today(zone: Zone) -> None:
    zone("UTC")
    assert window({"until": "2027-01-01"}, NOW) == window({}, NOW)


@pytest.mark.parametrize(
    "fields", [{"span": "year"}, {"until": "yesterday"}, {"until": "0001-01-01"}, {"until": "1999-12-31"}]
)
def test_what_makes_no_sense(fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"must be one of|is written as|no such day"):
        window(fields, NOW)
