"""The timeline as bars."""

from datetime import UTC, datetime, timedelta

from dashboard.gantt import LEAST, MEANING, bars
from db.timeline import Span

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_bars_stand_where_their_time_was() -> None:
    spans = [
        Span(name="receive", began=AT, seconds=25),
        Span(name="quiet", began=AT + timedelta(seconds=25), seconds=50),
        Span(name="send", began=AT + timedelta(seconds=75), seconds=25, destination="pacs"),
    ]
    found = bars(spans)
    assert [(bar.left, bar.width) for bar in found] == [(0.0, 25.0), (25.0, 50.0), (75.0, 25.0)]
    assert (found[2].destination, found[1].meaning) == ("pacs", MEANING["quiet"])


def test_what_took_no_time_is_seen_within_the_picture() -> None:
    spans = [Span(name="quiet", began=AT, seconds=60), Span(name="store", began=AT + timedelta(seconds=60), seconds=0)]
    last = bars(spans)[1]
    assert last.width == LEAST
    assert last.left + last.width <= 100


def test_nothing_yet() -> None:
    assert bars([]) == []
    assert bars([Span(name="receive", began=AT, seconds=0)])[0].width == LEAST
