"""What we ask of destinations: C-ECHO, C-STORE, C-FIND, storage commitment."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import build_context, evt
from pynetdicom.association import Association
from pynetdicom.dsutils import encode
from pynetdicom.events import Event, EventHandlerType
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StorageCommitmentPushModel,
    StudyRootQueryRetrieveInformationModelFind,
)

from dicom_node.association_faults import Fault
from dicom_node.commitment import (
    ACTION_REQUEST,
    STORAGE_COMMITMENT_SOP_INSTANCE,
    CommitmentReport,
    Reference,
    action_information,
    read_report,
)
from dicom_node.contexts import verification_context
from dicom_node.identity import Timeouts
from dicom_node.requestor import AssociationFailed, Stage, associate
from dicom_node.sending import FileResult, send_files, store
from screening.errors import BadHeader, DestinationUnavailable, RejectedPermanent, RejectedTransient
from screening.settings import Destination

__all__ = [
    "EchoResult", "FileResult", "echo", "encoded_query", "find_instance", "request_commitment", "send_files", "store",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class EchoResult:
    """What a C-ECHO showed."""

    failed: Stage | None  #: None: the destination answered with Success
    fault: Fault | None  #: the same in more detail
    detail: str
    status: int | None
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the destination answered with Success."""
        return self.failed is None


def echo(destination: Destination, our_ae_title: str, timeouts: Timeouts) -> EchoResult:
    """C-ECHO; never raises for what a destination or the network does."""
    begin = time.monotonic()

    def result(failed: Stage | None, fault: Fault | None, detail: str, status: int | None = None) -> EchoResult:
        return EchoResult(failed=failed, fault=fault, detail=detail, status=status, seconds=time.monotonic() - begin)

    try:
        with associate(destination, our_ae_title, [verification_context()], timeouts) as association:
            status = _status(association.send_c_echo())
    except AssociationFailed as exc:
        return result(exc.stage, exc.fault, exc.detail)
    if status is None:
        return result("no answer", Fault.SILENT, "the association was accepted, but C-ECHO was not answered")
    if status != 0:
        return result("status", Fault.STATUS, f"C-ECHO answered with status 0x{status:04X}", status)
    return result(None, None, "C-ECHO answered with Success", status)


def find_instance(
    destination: Destination,
    our_ae_title: str,
    *,
    study_instance_uid: str,
    series_instance_uid: str,
    sop_instance_uid: str,
    timeouts: Timeouts,
) -> bool:
    """Whether the destination lists the object: C-FIND at image level, Study Root (PS3.4 C.6.2).

    Raises
    ------
    DestinationUnavailable
        If there is no association or no answer.
    RejectedTransient, RejectedPermanent
        If the destination does not answer such questions, now or ever.
    """
    identifier = _identifier(study_instance_uid, series_instance_uid, sop_instance_uid)
    model = StudyRootQueryRetrieveInformationModelFind
    found = False
    with _asking(destination, our_ae_title, model, timeouts) as association:
        for answer, match in association.send_c_find(identifier, model):
            status = _status(answer)
            if status in (0xFF00, 0xFF01):  # pending: a match
                found = found or (match is not None and match.get("SOPInstanceUID") == sop_instance_uid)
            elif status != 0:
                _raise_for(status, "C-FIND")
    return found


def encoded_query(
    *, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str
) -> tuple[str, bytes, str]:
    """What `find_instance` asks: SOP Class UID, identifier, and the transfer syntax that it is encoded in here."""
    identifier = _identifier(study_instance_uid, series_instance_uid, sop_instance_uid)
    encoded = encode(identifier, is_implicit_vr=True, is_little_endian=True)
    if encoded is None:
        raise ValueError("a query's UIDs cannot be encoded")
    return str(StudyRootQueryRetrieveInformationModelFind), encoded, str(ImplicitVRLittleEndian)


def _identifier(study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> Dataset:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "IMAGE"
    identifier.StudyInstanceUID = study_instance_uid
    identifier.SeriesInstanceUID = series_instance_uid
    identifier.SOPInstanceUID = sop_instance_uid
    return identifier


def request_commitment(
    destination: Destination,
    our_ae_title: str,
    *,
    transaction_uid: str,
    references: Sequence[Reference],
    timeouts: Timeouts,
    on_report: Callable[[CommitmentReport], bool] | None = None,
) -> None:
    """Ask the destination to commit to objects (PS3.4 J.3.2); its report comes later, as a rule to our listener.

    Parameters
    ----------
    transaction_uid
        Must be in the ledger already: the report may come before this returns.
    on_report
        Takes a report that comes in this very association, makes it durable and says whether it was asked for.
        Without it such a report is answered with a failure.

    Raises
    ------
    DestinationUnavailable
        If there is no association or no answer.
    RejectedTransient, RejectedPermanent
        If the destination refuses, for now or for good.
    """

    def on_event_report(event: Event) -> tuple[int, None]:
        try:
            known = on_report is not None and on_report(read_report(event.event_information))
        except BadHeader:
            known = False
        return (0x0000 if known else 0x0110), None

    model = StorageCommitmentPushModel
    handlers = [(evt.EVT_N_EVENT_REPORT, on_event_report)]
    with _asking(destination, our_ae_title, model, timeouts, handlers) as association:
        answer, _ = association.send_n_action(
            action_information(transaction_uid, references), ACTION_REQUEST, model, STORAGE_COMMITMENT_SOP_INSTANCE
        )
        status = _status(answer)
        if status != 0:
            _raise_for(status, "N-ACTION (storage commitment)")


@contextmanager
def _asking(
    destination: Destination,
    our_ae_title: str,
    sop_class_uid: str,
    timeouts: Timeouts,
    handlers: Sequence[EventHandlerType] = (),
) -> Iterator[Association]:
    """An association with one context; that it is not accepted is for good."""
    context = build_context(sop_class_uid, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    try:
        with associate(destination, our_ae_title, [context], timeouts, handlers) as association:
            yield association
    except AssociationFailed as exc:
        if exc.stage != "context":
            raise
        raise RejectedPermanent(exc.detail) from exc


def _status(answer: Dataset) -> int | None:
    """The status of a response; None when none came."""
    value = answer.get("Status")
    return value if type(value) is int else None


def _raise_for(status: int | None, request: str) -> NoReturn:
    if status is None:
        raise DestinationUnavailable(f"{request} was not answered")
    message = f"{request} was answered with status 0x{status:04X}"
    # PS3.7 Annex C: processing failure, resource limitation; PS3.4 table C.4-1: out of resources
    if status in (0x0110, 0x0213) or 0xA700 <= status <= 0xA7FF:
        raise RejectedTransient(message)
    raise RejectedPermanent(message)
