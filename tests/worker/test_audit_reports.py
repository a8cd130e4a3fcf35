"""What the node does is put on its way as audit messages."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from db import audit_messages, deliveries, instances, jobs
from db.audit_messages import Way
from db.deliveries import Batch, PlannedDelivery, Sent
from db.engine import make_engine, make_sessions, transaction
from screening.reports import SendResult
from tests.db import factories
from tests.db.factories import make_findings, make_report
from tests.dicom_node.audit.schema import complaints
from tests.worker.factories import STUDY
from tests.worker.ports import make_ports, pacs, radiograph, receive
from worker import audit_reports
from worker.indexing import index_received
from worker.intake import intake_quiet
from worker.ports import Ports

PACS = pacs(104)


@pytest.fixture
def node(tmp_path: Path) -> Ports:
    return make_ports(tmp_path / "node", destinations=(PACS,))


def _events(node: Ports) -> Iterator[tuple[str, str, list[str]]]:
    """Event, outcome and objects of each message, oldest first; all are valid."""
    with transaction(node.sessions, read_only=True) as session:
        messages = [item.message for item in audit_messages.waiting(session, Way.FILE)]
    for message in messages:
        assert complaints(message) == []
        root = ET.fromstring(message)  # noqa: S314
        event, identification = root.find(".//EventID"), root.find("EventIdentification")
        assert event is not None
        assert identification is not None
        objects = [one.get("ParticipantObjectID") or "" for one in root.iter("ParticipantObjectIdentification")]
        yield event.get("csd-code") or "", identification.get("EventOutcomeIndicator") or "", objects


def _batch(node: Ports) -> Batch:
    """Two objects of a job, taken to be sent."""
    receive(node, radiograph())
    index_received(node)
    ((job_id, _),) = intake_quiet(node)
    with transaction(node.sessions) as session:
        claim = jobs.claim(session, job_id, owner="host:1", lease_seconds=60, maximum_attempts=3)
        assert claim is not None
        planned = [PlannedDelivery(role=role, destination="pacs", held=False) for role in ("card", "measurements")]
        jobs.finish(session, claim, make_findings(), make_report(), planned)
        (first,) = deliveries.due(session)
        batch = deliveries.claim_batch(session, first, owner="host:2", lease_seconds=60)
    assert batch is not None
    return batch


def _answer(batch: Batch, number: int, status: int | None) -> SendResult:
    item = batch.deliveries[number].object
    return SendResult(
        status=status, detail="no answer", sop_class_uid=item.sop_class_uid, sop_instance_uid=item.sop_instance_uid
    )


def test_a_role_tells_that_it_starts_and_stops(node: Ports) -> None:
    with audit_reports.activity(node, "listener"):
        assert list(_events(node)) == [("110100", "0", [])]
    assert list(_events(node)) == [("110100", "0", [])] * 2


def test_a_role_runs_whether_or_not_it_can_tell(node: Ports, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "empty").mkdir()
    engine = make_engine(f"sqlite:///{tmp_path / 'empty' / 'x.sqlite'}")  # without tables
    with audit_reports.activity(replace(node, sessions=make_sessions(engine)), "listener"):
        pass
    engine.dispose()
    assert "the role's start is not reported" in caplog.text
    assert "the role's stop is not reported" in caplog.text


def test_what_came_is_told_once(node: Ports) -> None:
    with transaction(node.sessions) as session:
        number = factories.open_association(
            session, calling_ae_title="CT1", called_ae_title="US", address="10.1.2.3", rejected_contexts=[]
        )
        instances.refuse(
            session, association_id=number, sop_class_uid="1.2", sop_instance_uid="1.2.9", status=0xA700, reason="full"
        )
        factories.close_association(session, number, "released")
    for _ in range(2):
        audit_reports.report_received(node)
    assert list(_events(node)) == [("110104", "8", ["<unknown>", "<none>"])]


def test_what_is_sent_is_told_before_and_after_and_failures_apart(node: Ports) -> None:
    batch = _batch(node)
    audit_reports.begin_sending(node, PACS, batch)
    audit_reports.report_sent(node, PACS, batch, [_answer(batch, 0, 0), _answer(batch, 1, None)])
    objects = [STUDY, "P1"]
    assert list(_events(node)) == [("110102", "0", objects), ("110104", "0", objects), ("110104", "4", objects)]


def test_a_question_is_told(node: Ports) -> None:
    item = _batch(node).deliveries[0]
    asked_for = Sent(
        delivery_id=item.delivery_id, job_id=item.job_id, destination=item.destination, attempt=item.attempt,
        study_instance_uid=item.study_instance_uid, series_instance_uid=item.object.series_instance_uid,
        sop_class_uid=item.object.sop_class_uid, sop_instance_uid=item.object.sop_instance_uid,
    )  # fmt: skip
    audit_reports.report_query(node, PACS, asked_for)
    assert list(_events(node)) == [("110112", "0", ["1.2.840.10008.5.1.4.1.2.2.1"])]


def test_a_reader_of_the_trail_is_told(node: Ports) -> None:
    with transaction(node.sessions) as session:
        audit_reports.log_used(session, node.settings)
    ((event, outcome, (place,)),) = _events(node)
    assert (event, outcome) == ("110101", "0")
    assert place.startswith("opportune://")
