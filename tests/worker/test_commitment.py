"""Success is no promise: storage commitment, or C-FIND where there is none."""

from pathlib import Path

from db import events
from db.engine import transaction
from dicom_node.standin_pacs import Script
from screening.reports import DeliveryState
from tests.worker.test_delivery import Start, _deliver, _status, start
from worker.commitment import make_sure

__all__ = ["start"]


def test_an_accepted_request_awaits_its_report(start: Start) -> None:
    _, ports, job_id = start(commitment="storage-commitment")
    _deliver(ports)
    assert _status(ports, job_id).state is DeliveryState.COMMIT_REQUESTED


def test_a_destination_without_storage_commitment_is_asked_by_c_find(start: Start) -> None:
    _, ports, job_id = start(Script(commitment_status=0x0122), commitment="storage-commitment")
    _deliver(ports)
    assert _status(ports, job_id).state is DeliveryState.COMMITTED
    with transaction(ports.sessions) as session:
        assert "found by C-FIND" in [event.detail for event in events.of_job(session, job_id)]


def test_a_destination_that_cannot_be_asked_now_is_asked_again(start: Start, tmp_path: Path) -> None:
    standin, ports, job_id = start(Script(commitment_status=0x0213), commitment="storage-commitment")
    _deliver(ports)
    assert _status(ports, job_id).state is DeliveryState.SENT
    standin.script = Script()
    make_sure(ports, ports.settings.destinations[0])
    assert _status(ports, job_id).state is DeliveryState.COMMIT_REQUESTED


def test_nothing_sent_asks_nothing(start: Start) -> None:
    standin, ports, job_id = start()
    standin.stop()
    make_sure(ports, ports.settings.destinations[0])
    assert _status(ports, job_id).state is DeliveryState.PENDING
