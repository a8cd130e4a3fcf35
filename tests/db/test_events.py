"""Job events: the history of a job."""

from dataclasses import replace

from db import deliveries, events, jobs
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


def test_the_arrow_to_a_result_tells_what_ran_the_networks(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        claim = factories.claimed(s)
        report = replace(factories.make_report(), engine="OpenVINO 2026.4.1 (cpu)")
        jobs.finish(s, claim, factories.make_findings(), report, [])
        last = events.of_job(s, claim.job.job_id)[-1]
    assert (last.to_state, last.detail) == ("inferred", "by OpenVINO 2026.4.1 (cpu)")
