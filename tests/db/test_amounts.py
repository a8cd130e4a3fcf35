"""Amounts that no state of a row tells."""

from datetime import timedelta

import pytest

from db import amounts, deliveries, instances, jobs, tallies
from db.amounts import BOUNDS, Duration, Histogram
from db.engine import Sessions, database_now, transaction
from db.tables import DeliveryRow, JobRow
from screening.findings import NotEvaluable
from screening.reports import SendResult
from tests.db import factories


def _read(sessions: Sessions) -> tallies.Tallies:
    with transaction(sessions, read_only=True) as s:
        return tallies.read(s)


def _delivered() -> SendResult:
    return SendResult(status=0, detail="stored", sop_class_uid="1.2", sop_instance_uid="1.3")


@pytest.mark.parametrize(
    ("seconds", "first"), [(-1, 0), (0, 0), (15, 0), (15.001, 1), (86400, len(BOUNDS) - 1), (86401, len(BOUNDS))]
)
def test_a_duration_counts_in_its_class_and_in_every_longer_one(sessions: Sessions, seconds: float, first: int) -> None:
    with transaction(sessions) as s:
        amounts.took(s, Duration.RESULT, "m", seconds)
    (found,) = amounts.histograms(_read(sessions), Duration.RESULT).values()
    assert found.at_most == (0,) * first + (1,) * (len(BOUNDS) - first)
    assert (found.count, found.seconds) == (1, max(0, seconds))


def test_durations_add_up_and_folding_changes_nothing(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        for seconds in (10, 20, 40.5, 100_000):
            amounts.took(s, Duration.DELIVERY, "pacs", seconds)
        amounts.took(s, Duration.DELIVERY, "research", 1)
        amounts.took(s, Duration.RESULT, "m", 1)
    before = amounts.histograms(_read(sessions), Duration.DELIVERY)
    assert before["pacs"] == Histogram(at_most=(1, 2, 3, 3, 3, 3, 3, 3, 3, 3), count=4, seconds=100_070.5)
    assert set(before) == {"pacs", "research"}
    with transaction(sessions) as s:
        tallies.fold(s)
    assert amounts.histograms(_read(sessions), Duration.DELIVERY) == before


def test_a_job_that_is_finished_counts_for_its_model(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        taken = factories.claimed(s)
        row = s.get_one(JobRow, taken.job.job_id)
        row.created_at = database_now(s) - timedelta(seconds=45)
        s.flush()
        jobs.finish(s, taken, factories.make_findings(), factories.make_report(), [])
        other = factories.claim(s, factories.open_job(s, images="other", model_name="age")[0].job_id)
        assert other is not None
        refused = NotEvaluable(code="no-chest", reason="no chest", sop_instance_uid="1.2.3.1.1.1")
        jobs.finish(s, other, refused, factories.make_report(2), [])
    found = _read(sessions)
    assert amounts.outcomes(found) == {"cap_mortality_cxr": {"findings": 1}, "age": {"not_evaluable": 1}}
    times = amounts.histograms(found, Duration.RESULT)
    assert times["cap_mortality_cxr"].at_most[:3] == (0, 0, 1)
    assert 45 <= times["cap_mortality_cxr"].seconds < 60
    assert times["age"].count == 1


def test_an_object_counts_for_its_destination_the_first_time_that_it_is_taken(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.finished(s)
    for expected in (1, 1):
        with transaction(sessions) as s:
            first = s.query(DeliveryRow).order_by(DeliveryRow.id).first()
            assert first is not None
            first.state, first.next_attempt_at = "pending", None  # as when a destination lost what it took
            s.flush()
            batch = deliveries.claim_batch(s, first.id, owner="host:1", lease_seconds=60)
            assert batch is not None
            deliveries.record(s, first.id, owner="host:1", result=_delivered(), retry_at=None)
        assert amounts.histograms(_read(sessions), Duration.DELIVERY)["pacs"].count == expected


def test_bytes_count_once_when_a_reception_is_read_whatever_becomes_of_it(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        waiting = factories.receive(s)
    assert amounts.received_bytes(_read(sessions)) == 0
    with transaction(sessions) as s:
        factories.admit(s)
        factories.admit(s)  # the same bytes again
        instances.unreadable(s, waiting, "no-uid", "missing")
        instances.unreadable(s, waiting, "no-uid", "missing")
    assert amounts.received_bytes(_read(sessions)) == 300
