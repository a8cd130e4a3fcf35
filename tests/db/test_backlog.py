"""What waits, by model and destination."""

from datetime import timedelta

from db import backlog, jobs
from db.engine import Sessions, database_now, transaction
from db.tables import DeliveryRow, InstanceRow
from screening.jobs import JobState
from tests.db import factories


def test_nothing_waits_on_an_empty_node(sessions: Sessions) -> None:
    with transaction(sessions, read_only=True) as s:
        assert backlog.open_jobs(s) == {}
        assert backlog.workers(s) == 0
        assert backlog.oldest_unread_seconds(s) == 0
        assert backlog.oldest_unsent_seconds(s) == {}


def test_jobs_that_are_not_done_by_model_and_state(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.finished(s)
        factories.open_job(s, images="a")
        for name in ("b", "c"):
            factories.open_job(s, images=name, model_name="age")
        taken = factories.claim(s, factories.open_job(s, images="d", model_name="age")[0].job_id)
        failed = factories.claim(s, factories.open_job(s, images="e", model_name="age")[0].job_id, owner="host:2")
        assert taken is not None
        assert failed is not None
        jobs.fail(s, failed, reason="x", retry_at=None)
        assert backlog.open_jobs(s) == {
            ("cap_mortality_cxr", JobState.READY): 1,
            ("age", JobState.READY): 2,
            ("age", JobState.CLAIMED): 1,
            ("age", JobState.QUARANTINED): 1,
        }


def test_workers_are_those_that_hold_a_job(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        for images, owner in (("a", "host:1"), ("b", "host:2"), ("c", "host:2")):
            assert factories.claim(s, factories.open_job(s, images=images)[0].job_id, owner=owner) is not None
        assert backlog.workers(s) == 2


def test_the_oldest_that_nobody_read_and_that_nobody_sent(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.finished(s, ("pacs", "research", "gone"))
        factories.receive(s)
        now = database_now(s)
        for image in s.query(InstanceRow).filter_by(state="received"):
            image.received_at = now - timedelta(seconds=500)
        for row in s.query(DeliveryRow):
            row.created_at = now - timedelta(seconds=90 if row.destination == "pacs" else 10)
            row.state = "committed" if row.destination == "gone" else row.state
        s.flush()
        assert 500 <= backlog.oldest_unread_seconds(s) < 560
        waits = backlog.oldest_unsent_seconds(s)
    assert set(waits) == {"pacs", "research"}
    assert 90 <= waits["pacs"] < 150 > waits["research"] >= 10
