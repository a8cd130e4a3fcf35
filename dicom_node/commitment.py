"""Storage commitment, push model (PS3.4 Annex J): the data sets of its request and its report."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.sequence import Sequence as DicomSequence

from screening.errors import BadHeader
from screening.types import is_uid

STORAGE_COMMITMENT_SOP_INSTANCE = "1.2.840.10008.1.20.1.1"
"""Well-known SOP Instance of the push model (PS3.4 J.3.5)."""

ACTION_REQUEST = 1
"""Action Type ID "Request Storage Commitment" (PS3.4 table J.3.2-1)."""

EVENT_ALL_STORED = 1
"""Event Type ID "Storage Commitment Request Successful" (PS3.4 table J.3.3-1)."""

EVENT_SOME_FAILED = 2
"""Event Type ID "Storage Commitment Request Complete - Failures Exist"."""

PROCESSING_FAILURE = 0x0110
"""Failure Reason when the report gives none."""

NO_SUCH_OBJECT_INSTANCE = 0x0112

FAILURE_REASONS = {
    PROCESSING_FAILURE: "processing failure",
    NO_SUCH_OBJECT_INSTANCE: "no such object instance",
    0x0119: "class / instance conflict",
    0x0122: "referenced SOP Class not supported",
    0x0131: "duplicate transaction UID",
    0x0213: "resource limitation",
}
"""Failure Reason (0008,1197), PS3.3 C.14.1.1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """An object whose storage is asked for."""

    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitmentReport:
    """What a destination says of one request."""

    transaction_uid: str
    stored: tuple[str, ...]  #: SOP Instance UIDs that it keeps
    failed: tuple[tuple[str, int], ...]  #: SOP Instance UIDs that it does not, with Failure Reason


def action_information(transaction_uid: str, references: Sequence[Reference]) -> Dataset:
    """Action Information of the N-ACTION that asks for commitment."""
    if not references:
        raise ValueError("references must name at least one object")
    information = Dataset()
    information.TransactionUID = transaction_uid
    information.ReferencedSOPSequence = DicomSequence([_item(reference) for reference in references])
    return information


def event_information(
    transaction_uid: str, stored: Sequence[Reference], failed: Sequence[tuple[Reference, int]]
) -> Dataset:
    """Event Information of the N-EVENT-REPORT that answers."""
    information = Dataset()
    information.TransactionUID = transaction_uid
    if stored:
        information.ReferencedSOPSequence = DicomSequence([_item(reference) for reference in stored])
    if failed:
        items = []
        for reference, reason in failed:
            item = _item(reference)
            item.FailureReason = reason
            items.append(item)
        information.FailedSOPSequence = DicomSequence(items)
    return information


def read_references(information: Dataset) -> tuple[str, tuple[Reference, ...]]:
    """Transaction UID and the objects that an N-ACTION asks for; raises BadHeader."""
    transaction_uid = _transaction_uid(information)
    references = tuple(
        Reference(
            sop_class_uid=_uid(item, "ReferencedSOPClassUID"), sop_instance_uid=_uid(item, "ReferencedSOPInstanceUID")
        )
        for item in information.get("ReferencedSOPSequence") or ()
    )
    return transaction_uid, references


def read_report(information: Dataset) -> CommitmentReport:
    """What an N-EVENT-REPORT says.

    The sequences decide, not the Event Type ID: some archives send 1 beside a list of failures.

    Raises
    ------
    BadHeader
        If the Transaction UID or a SOP Instance UID is missing or is no UID.
    """
    stored = information.get("ReferencedSOPSequence") or ()
    failed = information.get("FailedSOPSequence") or ()
    return CommitmentReport(
        transaction_uid=_transaction_uid(information),
        stored=tuple(_uid(item, "ReferencedSOPInstanceUID") for item in stored),
        failed=tuple((_uid(item, "ReferencedSOPInstanceUID"), _failure_reason(item)) for item in failed),
    )


def failure_reason_text(reason: int) -> str:
    """A Failure Reason in words."""
    return f"0x{reason:04X} {FAILURE_REASONS.get(reason, 'not a reason of the Standard')}"


def _item(reference: Reference) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = reference.sop_class_uid
    item.ReferencedSOPInstanceUID = reference.sop_instance_uid
    return item


def _transaction_uid(information: Dataset) -> str:
    return _uid(information, "TransactionUID")


def _uid(item: Dataset, keyword: str) -> str:
    value = str(item.get(keyword) or "")
    if not is_uid(value):
        raise BadHeader(f"{keyword} is missing or no UID")
    return value


def _failure_reason(item: Dataset) -> int:
    value = item.get("FailureReason")
    return value if isinstance(value, int) else PROCESSING_FAILURE
