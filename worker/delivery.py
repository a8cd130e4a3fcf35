"""Sends frozen bytes to a destination."""

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from db import conditions, deliveries, pauses
from db.deliveries import Batch, Delivery
from db.engine import transaction
from db.pauses import Part
from dicom_node import scu
from screening import failpoints
from screening.errors import DestinationUnavailable, LeaseLost
from screening.reports import SendResult
from screening.settings import Destination
from worker.audit_reports import begin_sending, report_sent
from worker.backoff import backoff
from worker.commitment import make_sure
from worker.heartbeat import heartbeat
from worker.ports import Ports
from worker.timeouts import timeouts_of

_log = logging.getLogger(__name__)


def deliver(delivery_id: int, ports: Ports, owner: str) -> None:
    """Send a delivery, and what else of the same job waits for the same destination, over one association."""
    taken_by = f"{owner}:{uuid.uuid4().hex[:8]}"  # a name for each take: it fences what is recorded
    lease = ports.settings.worker.lease_seconds
    with transaction(ports.sessions) as session:
        if pauses.is_paused(session, Part.DELIVERY):  # before the breaker's one probe would be used up
            return
        name = deliveries.destination_of(session, delivery_id)
        if name is None or not conditions.may_try(session, conditions.destination(name), probe_seconds=lease):
            return
        batch = deliveries.claim_batch(session, delivery_id, owner=taken_by, lease_seconds=lease)
    if batch is None:
        return
    destination = ports.settings.destination(batch.destination)
    if destination is None:
        detail = f"there is no destination {batch.destination!r} in the settings any more"
        _record(ports, batch, [_unanswered(item, detail) for item in batch.deliveries], taken_by, give_up=True)
        return
    begin_sending(ports, destination, batch)
    ids = [item.delivery_id for item in batch.deliveries]
    renew = partial(deliveries.renew, delivery_ids=ids, owner=taken_by, lease_seconds=lease)
    with heartbeat(ports.sessions, ports.settings.worker.heartbeat_seconds, renew):
        failpoints.hit("sender.before-association")
        results = _send(ports, destination, batch)
    failpoints.hit("sender.after-status")
    _record(ports, batch, results, taken_by)
    failpoints.hit("sender.after-record")
    report_sent(ports, destination, batch, results)
    sent = {item.delivery_id for item, result in zip(batch.deliveries, results, strict=True) if result.delivered}
    if sent and destination.commitment != "none":
        make_sure(ports, destination, sent)


def _send(ports: Ports, destination: Destination, batch: Batch) -> list[SendResult]:
    objects = [item.object for item in batch.deliveries]
    try:
        return scu.store(destination, ports.settings.node.ae_title, objects, timeouts_of(ports.settings.delivery))
    except DestinationUnavailable as exc:
        _log.warning("destination %s: %s", destination.name, exc)
        return [_unanswered(item, str(exc)) for item in batch.deliveries]


def _record(ports: Ports, batch: Batch, results: Sequence[SendResult], owner: str, *, give_up: bool = False) -> None:
    at = ports.clock()
    try:
        with transaction(ports.sessions) as session:
            for item, result in zip(batch.deliveries, results, strict=True):
                retry_at = None if give_up else backoff(ports.settings.delivery, item.attempt, at)
                deliveries.record(session, item.delivery_id, owner=owner, result=result, retry_at=retry_at)
            if not give_up:
                _note(session, ports, batch.destination, results, at)
    except LeaseLost:
        _log.warning("destination %s: another sender took over; it sends the same bytes", batch.destination)


def _note(session: Session, ports: Ports, destination: str, results: Sequence[SendResult], at: datetime) -> None:
    """Keep whether a destination answers: one that does not is left alone for longer each time."""
    subject, settings = conditions.destination(destination), ports.settings.delivery
    if any(result.status is not None or result.permanent for result in results):
        if conditions.cleared(session, subject):
            deliveries.hasten(session, destination)
        return
    spare = settings.breaker_failures

    def retry_at(failures: int) -> datetime | None:
        return None if failures < spare else backoff(settings, failures - spare + 1, at)

    found = conditions.failed(session, subject, results[0].detail, retry_at)
    if found.failures == spare:
        _log.error("destination %s failed %d times in a row and is left alone for a while", destination, spare)


def _unanswered(item: Delivery, detail: str) -> SendResult:
    return SendResult(
        status=None,
        detail=detail,
        sop_class_uid=item.object.sop_class_uid,
        sop_instance_uid=item.object.sop_instance_uid,
    )
