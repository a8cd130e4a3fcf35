"""What operators are told of deliveries."""

from db import delivery_status
from db.engine import Sessions, transaction
from screening.reports import DeliveryState
from tests.db import factories


def test_deliveries_by_state_and_destination(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        job_id = factories.finished(s, ("pacs", "research"))
    with transaction(sessions) as s:
        pending = delivery_status.in_state(s, DeliveryState.PENDING)
        assert pending == delivery_status.of_job(s, job_id)
        assert {item.study_instance_uid for item in pending} == {factories.STUDY}
        research = delivery_status.in_state(s, DeliveryState.PENDING, "research")
        assert research == [item for item in pending if item.destination == "research"]
        assert delivery_status.in_state(s, DeliveryState.FAILED) == []
