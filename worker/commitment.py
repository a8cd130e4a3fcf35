"""Makes sure that what a destination answered Success for is stored: Success alone is no promise.

Storage commitment where the destination offers it, else C-FIND; what is missing is sent again, the same bytes.
"""

import logging
from collections.abc import Collection

from pydicom.uid import generate_uid

from db import deliveries
from db.deliveries import Sent
from db.engine import transaction
from dicom_node import scu
from dicom_node.commitment import CommitmentReport, Reference
from dicom_node.ledger import DatabaseLedger
from screening import failpoints
from screening.errors import DestinationUnavailable, RejectedPermanent, RejectedTransient
from screening.settings import Destination
from worker.audit_reports import report_query
from worker.backoff import backoff
from worker.ports import Ports
from worker.timeouts import timeouts_of

_log = logging.getLogger(__name__)


def make_sure(ports: Ports, destination: Destination, only: Collection[int] | None = None) -> None:
    """Ask about what was sent to a destination and not asked for yet; only: these deliveries of it.

    A destination that cannot be asked now is asked again by the reconciler.
    """
    with transaction(ports.sessions) as session:
        wanted = deliveries.to_commit(session, destination.name, only)
    if not wanted:
        return
    try:
        if destination.commitment == "storage-commitment":
            _request(ports, destination, wanted)
        else:
            look_up(ports, destination, wanted)
    except (DestinationUnavailable, RejectedTransient, RejectedPermanent) as exc:
        _log.warning("destination %s: cannot ask whether objects are stored: %s", destination.name, exc)


def look_up(ports: Ports, destination: Destination, sent: Collection[Sent]) -> None:
    """Ask by C-FIND for each object; one that is not found is sent again.

    Raises
    ------
    DestinationUnavailable, RejectedTransient, RejectedPermanent
        If the destination does not answer such questions, now or ever.
    """
    settings = ports.settings.delivery
    for item in sent:
        report_query(ports, destination, item)
        found = scu.find_instance(
            destination,
            ports.settings.node.ae_title,
            study_instance_uid=item.study_instance_uid,
            series_instance_uid=item.series_instance_uid,
            sop_instance_uid=item.sop_instance_uid,
            timeouts=timeouts_of(settings),
        )
        detail = "found by C-FIND" if found else "answered Success, but C-FIND does not find it"
        with transaction(ports.sessions) as session:
            deliveries.verified(
                session, item.delivery_id, found, detail, retry_at=backoff(settings, item.attempt, ports.clock())
            )


def _request(ports: Ports, destination: Destination, sent: Collection[Sent]) -> None:
    """Ask for storage commitment; by C-FIND if the destination does not offer it."""
    transaction_uid = str(generate_uid(prefix=None))
    with transaction(ports.sessions) as session:  # first: the report may come before the answer to the request
        deliveries.commitment_requested(session, transaction_uid, [item.delivery_id for item in sent])
    failpoints.hit("sender.before-n-action")
    try:
        scu.request_commitment(
            destination,
            ports.settings.node.ae_title,
            transaction_uid=transaction_uid,
            references=[
                Reference(sop_class_uid=item.sop_class_uid, sop_instance_uid=item.sop_instance_uid) for item in sent
            ],
            timeouts=timeouts_of(ports.settings.delivery),
            on_report=lambda report: _take_report(ports, destination, report),
        )
    except (DestinationUnavailable, RejectedTransient, RejectedPermanent) as exc:
        with transaction(ports.sessions) as session:
            deliveries.commitment_withdrawn(session, transaction_uid, str(exc))
        if not isinstance(exc, RejectedPermanent):
            raise
        look_up(ports, destination, sent)
    failpoints.hit("sender.after-n-action")


def _take_report(ports: Ports, destination: Destination, report: CommitmentReport) -> bool:
    return DatabaseLedger(ports.sessions).commitment_reported(
        transaction_uid=report.transaction_uid,
        stored=report.stored,
        failed=report.failed,
        destinations=[destination.name],
    )
