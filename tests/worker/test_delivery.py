"""Sending to a stand-in PACS that behaves, refuses, loses and goes away."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydicom import dcmwrite
from pydicom.filebase import DicomBytesIO
from pydicom.uid import UID

from db import conditions, deliveries, jobs, pauses
from db.deliveries import DeliveryStatus, PlannedDelivery
from db.engine import transaction
from db.pauses import Part
from dicom_node.standin_pacs import Script, StandinPacs
from screening.findings import NotEvaluable
from screening.reports import DeliveryState, ObjectKind, Report, ReportObject
from screening.settings import DeliverySettings
from screening.types import ClinicalContext, Eligible
from tests.worker.factories import STUDY
from tests.worker.ports import make_ports, pacs, radiograph, receive
from worker.delivery import deliver
from worker.indexing import index_received
from worker.ports import Ports

SC = "1.2.840.10008.5.1.4.1.1.7"
Start = Callable[..., tuple[StandinPacs, Ports, int]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """A stand-in with a script, ports with it as destination, and the id of a job whose card waits to be sent."""
    started: list[StandinPacs] = []

    def make(script: Script | None = None, commitment: str = "c-find") -> tuple[StandinPacs, Ports, int]:
        standin = StandinPacs(tmp_path / "pacs", script=script)
        started.append(standin)
        port = standin.start()
        settings = DeliverySettings(acse_timeout=5, dimse_timeout=5, backoff_base=3600, backoff_cap=7200)
        ports = make_ports(tmp_path, destinations=(pacs(port, commitment=commitment),), delivery=settings)
        return standin, ports, _finished_job(ports)

    yield make
    for standin in started:
        standin.stop()


def _finished_job(ports: Ports) -> int:
    receive(ports, radiograph())
    index_received(ports)
    with transaction(ports.sessions) as session:
        job, _ = jobs.open_job(
            session,
            study_instance_uid=STUDY,
            chosen=Eligible(series_instance_uid=f"{STUDY}.1", sop_instance_uids=(f"{STUDY}.1.1",), reason="r"),
            input_digest="0" * 64,
            context=ClinicalContext(),
            model_name="m",
            model_version="1",
            config_digest="1" * 64,
            queue="screen",
        )
        claim = jobs.claim(session, job.job_id, owner="w", lease_seconds=60, maximum_attempts=3)
        assert claim is not None
        report = Report(objects=(_card(),))
        planned = [PlannedDelivery(role="card", destination="pacs", held=False)]
        jobs.finish(session, claim, NotEvaluable(code="x", reason="y"), report, planned)
    return job.job_id


def _card() -> ReportObject:
    ds = radiograph(9, SOPClassUID=SC, SOPInstanceUID="2.25.9", SeriesInstanceUID="2.25.8", Modality="OT")
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = UID(SC), UID("2.25.9")
    buffer = DicomBytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return ReportObject(
        kind=ObjectKind.SC, role="card", sop_class_uid=SC, sop_instance_uid="2.25.9",
        series_instance_uid="2.25.8", encoded=buffer.getvalue(),
    )  # fmt: skip


def _status(ports: Ports, job_id: int) -> DeliveryStatus:
    with transaction(ports.sessions) as session:
        (only,) = deliveries.of_job(session, job_id)
    return only


def _deliver(ports: Ports) -> None:
    with transaction(ports.sessions) as session:
        due = deliveries.due(session, again_after_seconds=0)
    for delivery_id in due:
        deliver(delivery_id, ports, "sender")


def test_what_is_stored_and_found_is_committed(start: Start) -> None:
    standin, ports, job_id = start()
    _deliver(ports)
    assert _status(ports, job_id).state is DeliveryState.COMMITTED
    assert set(standin.objects()) == {"2.25.9"}


def test_a_second_message_for_the_same_delivery_sends_nothing(start: Start) -> None:
    _, ports, job_id = start(Script(statuses=[0x0000, 0xC000]))
    _deliver(ports)
    deliver(_status(ports, job_id).delivery_id, ports, "another sender")
    assert _status(ports, job_id).state is DeliveryState.COMMITTED
    assert _status(ports, job_id).attempt == 1


def test_success_for_an_object_that_is_then_not_found_is_sent_again(start: Start) -> None:
    _, ports, job_id = start(Script(lose=True))
    _deliver(ports)
    status = _status(ports, job_id)
    assert status.state is DeliveryState.PENDING
    assert "C-FIND does not find it" in (status.detail or "")


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (0xA700, DeliveryState.PENDING),
        (0x0110, DeliveryState.PENDING),
        (0xA900, DeliveryState.FAILED),
        (0xC000, DeliveryState.FAILED),
        (0x0122, DeliveryState.FAILED),
        (0xB000, DeliveryState.COMMITTED),
    ],
)
def test_the_status_decides(start: Start, answer: int, state: DeliveryState) -> None:
    _, ports, job_id = start(Script(statuses=[answer]))
    _deliver(ports)
    status = _status(ports, job_id)
    assert (status.state, status.status) == (state, answer)
    assert (status.next_attempt_at is not None) == (state is DeliveryState.PENDING)


def test_a_pacs_that_is_gone_is_tried_again_later(start: Start) -> None:
    standin, ports, job_id = start()
    standin.stop()
    _deliver(ports)
    status = _status(ports, job_id)
    assert status.state is DeliveryState.PENDING
    assert status.next_attempt_at is not None
    assert status.next_attempt_at > datetime.now(UTC) + timedelta(minutes=30)
    assert status.detail


def _try_again(ports: Ports) -> None:
    """An operator sends again, whatever the waiting time; the message comes at once."""
    with transaction(ports.sessions) as session:
        assert deliveries.retry(session, 1, "operator")
    deliver(1, ports, "w")


def test_a_destination_that_does_not_answer_is_left_alone(start: Start) -> None:
    standin, ports, job_id = start()
    standin.stop()
    spare = ports.settings.delivery.breaker_failures
    for attempt in range(1, spare + 1):
        _try_again(ports)
        assert _status(ports, job_id).attempt == attempt
    with transaction(ports.sessions) as session:
        (condition,) = conditions.known(session)
        assert conditions.closed_destinations(session) == ["pacs"]
        assert deliveries.retry(session, 1, "operator")
        assert deliveries.due(session, again_after_seconds=0) == []
    assert (condition.subject, condition.failures) == ("destination pacs", spare)
    deliver(1, ports, "w")
    assert _status(ports, job_id).attempt == spare, "it was tried although it is left alone"


def test_one_that_answers_again_gets_everything_that_waits(start: Start) -> None:
    _, ports, job_id = start()
    with transaction(ports.sessions) as session:
        past = ports.clock() - timedelta(seconds=1)
        conditions.failed(session, conditions.destination("pacs"), "away", lambda failures: past)
    _deliver(ports)
    assert _status(ports, job_id).state == DeliveryState.COMMITTED
    with transaction(ports.sessions) as session:
        assert conditions.known(session) == []


def test_a_destination_that_left_the_settings_is_an_operators_matter(start: Start, tmp_path: Path) -> None:
    _, ports, job_id = start()
    without = make_ports(tmp_path)
    _deliver(without)
    status = _status(ports, job_id)
    assert status.state is DeliveryState.FAILED
    assert "no destination 'pacs' in the settings" in (status.detail or "")


def test_while_delivery_is_paused_nothing_is_sent_and_no_probe_is_used_up(start: Start) -> None:
    standin, ports, job_id = start()
    subject, past = conditions.destination("pacs"), datetime.now(UTC) - timedelta(seconds=1)
    with transaction(ports.sessions) as session:
        conditions.failed(session, subject, "no answer", lambda _: past)
        pauses.pause(session, Part.DELIVERY, who="jane", why="the archive is updated")
    deliver(1, ports, "w")
    assert (_status(ports, job_id).state, _status(ports, job_id).attempt) == (DeliveryState.PENDING, 0)
    with transaction(ports.sessions) as session:
        pauses.resume(session, Part.DELIVERY, who="jane")
    deliver(1, ports, "w")
    assert set(standin.objects()) == {"2.25.9"}
