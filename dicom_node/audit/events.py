"""The events that this node reports, each as its table of PS3.15 A.5.3 says. Codes are of CID 400, 401, 402, 404."""

import getpass
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dicom_node.audit.message import Action, Message, Object, Outcome, Participant
from screening.codes import CodedName


def _dcm(value: str, meaning: str) -> CodedName:
    return CodedName(value=value, scheme="DCM", meaning=meaning)


APPLICATION_ACTIVITY = _dcm("110100", "Application Activity")
AUDIT_LOG_USED = _dcm("110101", "Audit Log Used")
BEGIN_TRANSFERRING = _dcm("110102", "Begin Transferring DICOM Instances")
INSTANCES_TRANSFERRED = _dcm("110104", "DICOM Instances Transferred")
QUERY = _dcm("110112", "Query")
SECURITY_ALERT = _dcm("110113", "Security Alert")

APPLICATION_START = _dcm("110120", "Application Start")
APPLICATION_STOP = _dcm("110121", "Application Stop")
NODE_AUTHENTICATION = _dcm("110126", "Node Authentication")

APPLICATION = _dcm("110150", "Application")
APPLICATION_LAUNCHER = _dcm("110151", "Application Launcher")
DESTINATION = _dcm("110152", "Destination Role ID")
SOURCE = _dcm("110153", "Source Role ID")

STUDY_INSTANCE_UID = _dcm("110180", "Study Instance UID")
SOP_CLASS_UID = _dcm("110181", "SOP Class UID")
NODE_ID = _dcm("110182", "Node ID")
PATIENT_NUMBER = CodedName(value="2", scheme="RFC-3881", meaning="Patient Number")
URI = CodedName(value="12", scheme="RFC-3881", meaning="URI")

UNKNOWN_PATIENT = "<none>"
UNKNOWN_STUDY = "<unknown>"  # what was refused is not parsed


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """One side of a transfer."""

    ae_title: str
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Transfer:
    """Objects of one study that went, or should have gone, from one side to another in one association."""

    sender: Entity
    receiver: Entity
    study_instance_uid: str  #: empty when nobody could read it
    patient_id: str
    accession_number: str
    sop_classes: Mapping[str, int]  #: SOP Class UID and number of instances
    sop_instance_uids: Sequence[str] = ()  #: named where they failed


@dataclass(frozen=True, kw_only=True, slots=True)
class Reporter:
    """The node that reports: what all its messages share."""

    ae_title: str
    site: str = ""

    def activity(self, at: datetime, role: str, *, started: bool) -> Message:
        """A process of the node started or stopped (PS3.15 A.5.3.1)."""
        program = Participant(
            user_id=f"opportune {role}", alternative_user_id=str(os.getpid()), requestor=False, roles=(APPLICATION,),
            address=socket.gethostname(),
        )  # fmt: skip
        launcher = Participant(user_id=_user(), requestor=True, roles=(APPLICATION_LAUNCHER,))
        return self._message(
            APPLICATION_ACTIVITY, "E", at, (program, launcher),
            event_type=APPLICATION_START if started else APPLICATION_STOP,
        )  # fmt: skip

    def log_used(self, at: datetime, place: str) -> Message:
        """Somebody read the audit trail (PS3.15 A.5.3.2). place: URI of the trail, without a password."""
        trail = Object(object_id=place, id_type=URI, type_code="2", role="13", name="Security Audit Log")
        reader = Participant(user_id=_user(), requestor=True, address=socket.gethostname())
        return self._message(AUDIT_LOG_USED, "R", at, (reader,), objects=(trail,))

    def begin_transferring(self, at: datetime, transfer: Transfer) -> Message:
        """Objects are about to be sent (PS3.15 A.5.3.3)."""
        return self._message(BEGIN_TRANSFERRING, "E", at, _sides(transfer), objects=_what(transfer))

    def transferred(
        self, at: datetime, transfer: Transfer, *, new: bool, failure: str = "", outcome: Outcome = Outcome.SUCCESS
    ) -> Message:
        """Objects were transferred, or, with an outcome of failure, were not (PS3.15 A.5.3.7).

        new: whether the receiver did not hold them before.
        """
        return self._message(
            INSTANCES_TRANSFERRED, "C" if new else "R", at, _sides(transfer),
            outcome=outcome, outcome_description=failure, objects=_what(transfer),
        )  # fmt: skip

    def query(
        self, at: datetime, asked: Entity, sop_class_uid: str, identifier: bytes, transfer_syntax_uid: str
    ) -> Message:
        """We asked a destination by C-FIND (PS3.15 A.5.3.10). identifier: as encoded in the transfer syntax."""
        question = Object(
            object_id=sop_class_uid, id_type=SOP_CLASS_UID, type_code="2", role="3", query=identifier,
            details=(("TransferSyntax", transfer_syntax_uid),),
        )  # fmt: skip
        sides = (
            Participant(user_id=self.ae_title, requestor=True, roles=(SOURCE,), address=socket.gethostname()),
            Participant(user_id=asked.ae_title, requestor=False, roles=(DESTINATION,), address=asked.address),
        )
        return self._message(QUERY, "E", at, sides, objects=(question,))

    def association_refused(
        self, at: datetime, calling: Entity, called_ae_title: str, certificate: str, reason: str
    ) -> Message:
        """Somebody was refused (PS3.15 A.5.3.11, Node Authentication)."""
        details = [("Alert Description", reason), ("Called AE Title", called_ae_title), ("Certificate", certificate)]
        node = Object(
            object_id=calling.address, id_type=NODE_ID, type_code="2", role="13", name=calling.ae_title,
            details=tuple((kind, value) for kind, value in details if value),
        )  # fmt: skip
        sides = (
            Participant(user_id=self.ae_title, requestor=False, address=socket.gethostname()),
            Participant(user_id=calling.ae_title or calling.address, requestor=True, address=calling.address),
        )
        return self._message(
            SECURITY_ALERT, "E", at, sides, event_type=NODE_AUTHENTICATION, outcome=Outcome.MINOR_FAILURE,
            outcome_description=reason, objects=(node,),
        )  # fmt: skip

    def _message(
        self,
        event: CodedName,
        action: Action,
        at: datetime,
        participants: tuple[Participant, ...],
        *,
        event_type: CodedName | None = None,
        outcome: Outcome = Outcome.SUCCESS,
        outcome_description: str = "",
        objects: tuple[Object, ...] = (),
    ) -> Message:
        return Message(
            event=event,
            action=action,
            at=at,
            outcome=outcome,
            source_id=self.ae_title,
            site=self.site,
            participants=participants,
            event_type=event_type,
            outcome_description=outcome_description,
            objects=objects,
        )


def _sides(transfer: Transfer) -> tuple[Participant, Participant]:
    return (
        Participant(
            user_id=transfer.sender.ae_title, requestor=True, roles=(SOURCE,),
            address=transfer.sender.address,
        ),
        Participant(
            user_id=transfer.receiver.ae_title, requestor=False, roles=(DESTINATION,),
            address=transfer.receiver.address,
        ),
    )  # fmt: skip


def _what(transfer: Transfer) -> tuple[Object, Object]:
    return (
        Object(
            object_id=transfer.study_instance_uid or UNKNOWN_STUDY, id_type=STUDY_INSTANCE_UID, type_code="2", role="3",
            sop_classes=tuple(transfer.sop_classes.items()), sop_instances=tuple(transfer.sop_instance_uids),
            accession_number=transfer.accession_number,
        ),
        Object(object_id=transfer.patient_id or UNKNOWN_PATIENT, id_type=PATIENT_NUMBER, type_code="1", role="1"),
    )  # fmt: skip


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"
