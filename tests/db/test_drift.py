"""A model's outputs of some weeks."""

from datetime import UTC, datetime, timedelta

import pytest

from db import drift
from db.engine import Sessions, transaction
from db.tables import JobRow
from screening.codes import RISK_HIGH, RISK_LOW
from screening.jobs import JobState
from tests.db.outcomes import MODEL, findings, refusal, store

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1000)


def _sample(sessions: Sessions, since: datetime = LONG_AGO, model: str = MODEL) -> drift.Sample:
    with transaction(sessions, read_only=True) as s:
        return drift.sample(s, model, since=since)


def test_an_output_with_its_scanner(sessions: Sessions) -> None:
    header = {"Manufacturer": " ACME ", "ManufacturerModelName": "Ray 1", "PatientName": "Doe^Jane"}
    with transaction(sessions) as s:
        store(s, 1, findings(30, RISK_HIGH, 1.2), at=NOW, header=header)
        store(s, 2, findings(3, RISK_LOW, None), at=NOW)
        store(s, 3, findings(5), at=NOW)
        store(s, 4, refusal("rotated"), at=NOW)
        store(s, 5, model_name="bone_muscle_ct", at=NOW)
    found = _sample(sessions)
    assert found.drawn == 1
    first, *rest = found.outputs
    assert first.headline is not None
    assert (first.headline.code, first.headline.unit, first.headline.value) == ("MORT30", "%", 30)
    assert (first.study_instance_uid, first.version, first.at, first.code) == ("1.2.9.1", "1.0.0", NOW, None)
    assert (first.high, first.out_of_distribution) == (True, 1.2)
    assert (first.manufacturer, first.scanner) == ("ACME", "Ray 1")
    assert [(item.high, item.code, item.manufacturer) for item in rest] == [
        (False, None, ""), (None, None, ""), (None, "rotated", "")
    ]  # fmt: skip
    assert rest[2].headline is None
    assert "Doe" not in repr(found)


def test_only_of_the_window_and_without_what_was_replaced(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        ids = [store(s, k, at=NOW - timedelta(days=10 - k)) for k in range(10)]
        s.get_one(JobRow, ids[8]).state = JobState.SUPERSEDED
    uids = [item.study_instance_uid for item in _sample(sessions, NOW - timedelta(days=4)).outputs]
    assert uids == ["1.2.9.6", "1.2.9.7", "1.2.9.9"]
    assert _sample(sessions, NOW + timedelta(days=1)).outputs == ()


def test_nothing_yet(sessions: Sessions) -> None:
    found = _sample(sessions)
    assert (found.outputs, found.drawn) == ((), 1.0)


@pytest.mark.parametrize(("candidates", "most", "taken"), [(100, 4, 4), (5, 100, 5), (5, 2, 2)])
def test_of_many_some_are_drawn_and_the_share_is_told(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch, candidates: int, most: int, taken: int
) -> None:
    monkeypatch.setattr(drift, "CANDIDATES", candidates)
    monkeypatch.setattr(drift, "MOST", most)
    with transaction(sessions) as s:
        for k in range(10):
            store(s, k, at=NOW)
    found = _sample(sessions)
    assert len({item.study_instance_uid for item in found.outputs}) == taken
    assert found.drawn == pytest.approx(taken / 10)
    assert found == _sample(sessions), "the same page again shows the same"
