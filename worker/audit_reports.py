"""Puts audit messages on their way: what the node did, and for whom. Sending them is `worker.audit_sending`."""

import logging
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.orm import Session

from db import audit_messages, studies, transfers
from db.deliveries import Batch, Delivery, Sent
from db.engine import database_now, transaction
from db.transfers import Brought, Fate, Part
from dicom_node import scu
from dicom_node.audit.events import Entity, Reporter, Transfer
from dicom_node.audit.message import Outcome
from screening.errors import DatabaseUnavailable
from screening.reports import SendResult
from screening.settings import Destination, Settings
from worker.ports import Ports

_log = logging.getLogger(__name__)


def reporter(settings: Settings) -> Reporter:
    """This node, as its messages name it."""
    return Reporter(ae_title=settings.node.ae_title, site=settings.audit.site)


@contextmanager
def activity(ports: Ports, role: str) -> Iterator[None]:
    """Report that a process of the node starts, and that it stops."""
    _put_activity(ports, role, started=True)
    try:
        yield
    finally:
        _put_activity(ports, role, started=False)


def _put_activity(ports: Ports, role: str, *, started: bool) -> None:
    try:
        with transaction(ports.sessions) as session:
            message = reporter(ports.settings).activity(database_now(session), role, started=started)
            audit_messages.put(session, message.to_xml())
    except DatabaseUnavailable as exc:  # a role shall start and stop whether or not it can say so
        _log.warning("the role's %s is not reported: %s", "start" if started else "stop", exc)


def log_used(session: Session, settings: Settings) -> None:
    """Report that somebody reads the audit trail."""
    place = f"opportune://{socket.gethostname()}/audit"
    audit_messages.put(session, reporter(settings).log_used(database_now(session), place).to_xml())


def report_received(ports: Ports) -> None:
    """Report what associations brought that are over."""
    with transaction(ports.sessions, read_only=True) as session:
        waiting = transfers.unreported(session)
    for brought in waiting:
        with transaction(ports.sessions) as session:
            if transfers.reported(session, brought.association_id):
                for part in brought.parts:
                    audit_messages.put(session, _received(ports.settings, brought, part))


def _received(settings: Settings, brought: Brought, part: Part) -> str:
    transfer = Transfer(
        sender=Entity(ae_title=brought.calling_ae_title, address=brought.address),
        receiver=Entity(ae_title=brought.called_ae_title, address=socket.gethostname()),
        study_instance_uid=part.study_instance_uid,
        patient_id=part.patient_id,
        accession_number=part.accession_number,
        sop_classes=part.sop_classes,
        sop_instance_uids=part.sop_instance_uids,
    )
    outcome = {Fate.REFUSED: Outcome.SERIOUS_FAILURE, Fate.UNREADABLE: Outcome.MINOR_FAILURE}.get(part.fate)
    message = reporter(settings).transferred(
        brought.closed_at, transfer, new=part.fate is not Fate.KNOWN, failure=part.reason,
        outcome=outcome or Outcome.SUCCESS,
    )  # fmt: skip
    return message.to_xml()


def begin_sending(ports: Ports, destination: Destination, batch: Batch) -> None:
    """Report that a batch is about to be sent."""
    with transaction(ports.sessions) as session:
        transfer = _transfer(session, ports.settings, destination, batch.deliveries)
        message = reporter(ports.settings).begin_transferring(database_now(session), transfer)
        audit_messages.put(session, message.to_xml())


def report_sent(ports: Ports, destination: Destination, batch: Batch, results: Sequence[SendResult]) -> None:
    """Report what became of a batch: what was taken and what was not are messages of their own."""
    answered = list(zip(batch.deliveries, results, strict=True))
    with transaction(ports.sessions) as session:
        at = database_now(session)
        for took in (True, False):
            items = [item for item, result in answered if result.delivered is took]
            if not items:
                continue
            failure = "" if took else next(result.detail for _, result in answered if not result.delivered)
            transfer = _transfer(session, ports.settings, destination, items, named=not took)
            message = reporter(ports.settings).transferred(
                at, transfer, new=True, failure=failure, outcome=Outcome.SUCCESS if took else Outcome.MINOR_FAILURE
            )
            audit_messages.put(session, message.to_xml())


def report_query(ports: Ports, destination: Destination, item: Sent) -> None:
    """Report that we are about to ask a destination for an object."""
    sop_class_uid, identifier, transfer_syntax_uid = scu.encoded_query(
        study_instance_uid=item.study_instance_uid,
        series_instance_uid=item.series_instance_uid,
        sop_instance_uid=item.sop_instance_uid,
    )
    asked = Entity(ae_title=destination.ae_title, address=destination.address)
    with transaction(ports.sessions) as session:
        message = reporter(ports.settings).query(
            database_now(session), asked, sop_class_uid, identifier, transfer_syntax_uid
        )
        audit_messages.put(session, message.to_xml())


def _transfer(
    session: Session, settings: Settings, destination: Destination, items: Sequence[Delivery], *, named: bool = False
) -> Transfer:
    study_instance_uid = items[0].study_instance_uid  # a batch is of one job
    patient_id, _ = studies.patient_id(session, study_instance_uid)
    return Transfer(
        sender=Entity(ae_title=settings.node.ae_title, address=socket.gethostname()),
        receiver=Entity(ae_title=destination.ae_title, address=destination.address),
        study_instance_uid=study_instance_uid,
        patient_id=patient_id,
        accession_number="",
        sop_classes=Counter(item.object.sop_class_uid for item in items),
        sop_instance_uids=[item.object.sop_instance_uid for item in items] if named else [],
    )
