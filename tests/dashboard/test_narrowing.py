"""Which studies a form asks for."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.narrowing import mark, place, wanted
from db.study_list import Place, StudyLine, Wanted
from screening.jobs import JobState

LINE = StudyLine(
    study_id=7, study_instance_uid="1.2", accession_number="", first_received_at=datetime(2026, 3, 2, 10, tzinfo=UTC),
    waiting=False, conflict=False, modalities=(), jobs=(), decisions=(),
)  # fmt: skip


def test_fields_narrow_and_empty_ones_do_not() -> None:
    assert wanted({}) == wanted({"text": " ", "state": "", "since": ""}) == Wanted()
    found = wanted({"text": " A1 ", "state": "ready", "model": "m", "since": "2026-03-02", "until": "2026-03-02"})
    assert (found.text, found.state, found.model) == ("A1", JobState.READY, "m")
    assert found.since is not None
    assert found.before is not None
    assert found.before - found.since == timedelta(days=1)


@pytest.mark.parametrize(
    "fields",
    [{"state": "no"}, {"since": "2026-13-01"}, {"until": "9999-12-31"}, {"since": "0001-01-01x"}, {"until": "x"}],
)
def test_what_makes_no_sense(fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"no such|written as"):
        wanted(fields)


def test_a_place_is_found_again() -> None:
    assert place(mark(LINE)) == Place(at=LINE.first_received_at, study_id=7)
    assert place("") is None


@pytest.mark.parametrize(
    "text", ["x", "_", "2026-03-02T10:00:00_7", "2026-03-02T10:00:00+00:00_" + "9" * 30, "a_1", "_-1"]
)
def test_a_place_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="no such page"):
        place(text)
