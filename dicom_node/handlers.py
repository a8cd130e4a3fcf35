"""What the listener does at each event of an association (pynetdicom's `evt`)."""

import logging
from typing import cast

from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.events import Event, EventHandlerType
from pynetdicom.pdu_primitives import A_ABORT, A_ASSOCIATE, A_RELEASE
from pynetdicom.presentation import PresentationContext

from dicom_node.access import AccessList, Admitted, Refused
from dicom_node.arrival import Arrival, Incoming
from dicom_node.association_log import AssociationLog, Party
from dicom_node.bounded_association import BoundedAssociation
from dicom_node.command_set import AFFECTED_SOP_CLASS_UID, AFFECTED_SOP_INSTANCE_UID, CommandSet
from dicom_node.commitment import read_report
from dicom_node.contexts import commitment_context, storage_contexts, verification_context
from dicom_node.entries import RejectedContext
from dicom_node.ledger import Ledger
from dicom_node.reception import PROCESSING_FAILURE, SUCCESS, Answer, Reception
from screening.errors import BadHeader

logger = logging.getLogger(__name__)

INVALID_ARGUMENT_VALUE = 0x0115
"""PS3.7 Annex C; our answer to a report on a transaction that nobody asked for, or that cannot be read."""

REJECTED_TRANSIENT = (2, 1, 1)
"""A-ASSOCIATE-RJ (PS3.8 9.3.4): by the service user, no reason given."""


class Handlers:
    """Event handlers, shared by all associations of a listener."""

    def __init__(self, access: AccessList, log: AssociationLog, reception: Reception, ledger: Ledger) -> None:
        self._access = access
        self._log = log
        self._reception = reception
        self._ledger = ledger

    def bound(self) -> list[EventHandlerType]:
        """Events and their handlers."""
        return [
            (evt.EVT_REQUESTED, self.on_requested),
            (evt.EVT_REJECTED, self.on_rejected),
            (evt.EVT_ACCEPTED, self.on_accepted),
            (evt.EVT_ACSE_RECV, self.on_acse_received),
            (evt.EVT_ABORTED, self.on_aborted),
            (evt.EVT_C_ECHO, self.on_echo),
            (evt.EVT_N_EVENT_REPORT, self.on_event_report),
        ]

    def on_requested(self, event: Event) -> None:
        """Refuse, or give the association the contexts that its requestor may use.

        pynetdicom goes on to accept when a handler of this event raises; hence the catch-all.
        """
        association = event.assoc
        try:
            party = _party(association)
            decision = self._decide(association, party)
            if isinstance(decision, Refused):
                self._log.refused(party, decision.reason)
                reject(association, decision.rejection)
                return
            association.acceptor.supported_contexts = _contexts(decision)
        except Exception as exc:  # noqa: BLE001
            logger.error("association refused: %s", type(exc).__name__)
            reject(association, REJECTED_TRANSIENT)

    def on_rejected(self, event: Event) -> None:
        """Called when pynetdicom itself refuses, which it does for one reason."""
        self._log.refused(_party(event.assoc), "maximum_associations reached")

    def on_accepted(self, event: Event) -> None:
        """Write that an association was accepted, and which contexts of it were not."""
        self._log.accepted(event.assoc, _party(event.assoc), _rejected_contexts(event.assoc))

    def on_acse_received(self, event: Event) -> None:
        """Take down how the peer ends the association."""
        primitive = getattr(event, "primitive", None)
        if isinstance(primitive, A_RELEASE):
            self._log.ending(event.assoc, "released")
        elif isinstance(primitive, A_ABORT):
            self._log.ending(event.assoc, "aborted")

    def on_aborted(self, event: Event) -> None:
        """Take down that we end it; a connection that broke comes here too, and keeps its name."""
        if event.assoc._sent_abort:
            self._log.ending(event.assoc, "aborted")

    def on_echo(self, event: Event) -> int:  # noqa: ARG002
        """C-ECHO."""
        return SUCCESS

    def expect(self, association: Association, context_id: int, command_set: CommandSet) -> Arrival:
        """Where the data set of a C-STORE request goes (`bounded_dimse.Stores`)."""
        context = association._accepted_cx[context_id]
        return self._reception.expect(
            Incoming(
                abstract_syntax=str(context.abstract_syntax),
                sop_class_uid=command_set.uid(AFFECTED_SOP_CLASS_UID),
                sop_instance_uid=command_set.uid(AFFECTED_SOP_INSTANCE_UID),
                transfer_syntax_uid=str(context.transfer_syntax[0]),
            )
        )

    def store(self, association: Association, arrival: Arrival) -> Answer:
        """C-STORE (`bounded_dimse.Stores`)."""
        try:
            return self._reception.receive(self._log.entry(association), arrival)
        except Exception as exc:  # noqa: BLE001 (a fault of ours ends this object, not the association)
            logger.error("C-STORE failed: %s", type(exc).__name__)
            return Answer(status=PROCESSING_FAILURE, comment="processing failure")

    def on_breach(self, association: Association, reason: str) -> None:
        """Take down that we end an association whose peer asks for too much."""
        self._log.ending(association, "aborted")
        logger.warning("association from %s aborted: %s", association.requestor.address, reason)

    def on_event_report(self, event: Event) -> tuple[int, None]:
        """N-EVENT-REPORT of the storage commitment SOP class (PS3.4 J.3.3)."""
        party = _party(event.assoc)
        decision = self._decide(event.assoc, party)
        try:
            report = read_report(event.event_information)
            known = self._ledger.commitment_reported(
                transaction_uid=report.transaction_uid,
                stored=report.stored,
                failed=report.failed,
                destinations=decision.destinations if isinstance(decision, Admitted) else (),
            )
        except BadHeader as exc:
            logger.error("storage commitment report from %s cannot be read: %s", party.calling_ae_title, exc)
            return INVALID_ARGUMENT_VALUE, None
        except Exception as exc:  # noqa: BLE001 (the reporter is told to come again)
            logger.error("storage commitment report not written: %s", type(exc).__name__)
            return PROCESSING_FAILURE, None
        return (SUCCESS if known else INVALID_ARGUMENT_VALUE), None

    def _decide(self, association: Association, party: Party) -> Admitted | Refused:
        return self._access.decide(
            calling_ae_title=party.calling_ae_title,
            called_ae_title=party.called_ae_title,
            address=party.address,
            certificate=_certificate(association),
        )


def reject(association: Association, rejection: tuple[int, int, int]) -> None:
    """Send an A-ASSOCIATE-RJ, and wait until it is sent and the connection closed: pynetdicom would close it before."""
    association.acse.send_reject(*rejection)
    association.kill()


def _party(association: Association) -> Party:
    request = cast("A_ASSOCIATE", association.requestor.primitive)
    return Party(
        calling_ae_title=request.calling_ae_title.strip(),
        called_ae_title=request.called_ae_title.strip(),
        address=str(association.requestor.address),
        certificate=" ".join(sorted(_certificate(association) or ())),
    )


def _certificate(association: Association) -> frozenset[str] | None:
    return association.certificate if isinstance(association, BoundedAssociation) else None


def _contexts(admitted: Admitted) -> list[PresentationContext]:
    """What an admitted requestor may use."""
    contexts = [verification_context()]
    if admitted.may_store:
        contexts += storage_contexts()
    if admitted.destinations:
        contexts.append(commitment_context())
    return contexts


def _rejected_contexts(association: Association) -> list[RejectedContext]:
    """Abstract syntax and offered transfer syntaxes of each context that was not accepted."""
    offered = {context.context_id: context for context in association.requestor.requested_contexts}
    return [
        (
            str(offered[context.context_id].abstract_syntax),
            [str(uid) for uid in offered[context.context_id].transfer_syntax],
        )
        for context in association.rejected_contexts
    ]
