"""Job events: the history of a job."""

from db import deliveries, events
from db.engine import Sessions, transaction
from tests.db import factories


def test_every_arrow_of_a_job_and_its_deliveries_is_a_row(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        job_id = factories.finished(s)
        (first,) = deliveries.due(s)
        batch = deliveries.claim_batch(s, first, owner="s:1", lease_seconds=60)
        assert batch is not None
        deliveries.record(
            s, first, owner="s:1", result=factories.answer(batch.deliveries[0].object, 0xA700, "full"), retry_at=None
        )
    with transaction(sessions) as s:
        history = events.of_job(s, job_id)
    of_job = [(e.from_state, e.to_state, e.attempt, e.owner) for e in history if e.delivery_id is None]
    assert of_job == [
        (None, "ready", 0, None),
        ("ready", "claimed", 1, "host:1"),
        ("claimed", "inferred", 1, "host:1"),
    ]
    of_first = [(e.from_state, e.to_state, e.attempt, e.detail) for e in history if e.delivery_id == first]
    assert of_first == [
        (None, "pending", 0, "pacs"),
        ("pending", "sending", 1, None),
        ("sending", "failed", 1, "full"),
    ]
    assert [e.at for e in history] == sorted(e.at for e in history)
    assert {e.job_id for e in history} == {job_id}
