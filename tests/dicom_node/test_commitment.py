"""The data sets of storage commitment."""

import pytest
from pydicom import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from dicom_node.commitment import (
    CommitmentReport,
    Reference,
    action_information,
    event_information,
    failure_reason_text,
    read_references,
    read_report,
)
from screening.errors import BadHeader
from tests.dicom_node.network import set_uid

ONE = Reference(sop_class_uid=SecondaryCaptureImageStorage, sop_instance_uid="1.2.3")
TWO = Reference(sop_class_uid=SecondaryCaptureImageStorage, sop_instance_uid="1.2.4")


def test_a_request_is_read_as_it_was_made() -> None:
    assert read_references(action_information("1.9", [ONE, TWO])) == ("1.9", (ONE, TWO))


def test_a_request_names_something() -> None:
    with pytest.raises(ValueError, match="at least one"):
        action_information("1.9", [])


@pytest.mark.parametrize("stored", [[], [ONE], [ONE, TWO]])
@pytest.mark.parametrize("failed", [[], [(TWO, 0x0112)]])
def test_a_report_is_read_as_it_was_made(stored: list[Reference], failed: list[tuple[Reference, int]]) -> None:
    assert read_report(event_information("1.9", stored, failed)) == CommitmentReport(
        transaction_uid="1.9",
        stored=tuple(reference.sop_instance_uid for reference in stored),
        failed=tuple((reference.sop_instance_uid, reason) for reference, reason in failed),
    )


def test_a_failure_without_a_reason() -> None:
    information = event_information("1.9", [], [(ONE, 0x0112)])
    del information.FailedSOPSequence[0].FailureReason
    assert read_report(information).failed == (("1.2.3", 0x0110),)


@pytest.mark.parametrize("uid", ["", "x", "1.2/../3"])
def test_what_cannot_be_read_is_told(uid: str) -> None:
    good = event_information("1.9", [ONE], [])
    with pytest.raises(BadHeader, match="TransactionUID"):
        read_report(set_uid(good, "TransactionUID", uid))
    bad_item = event_information("1.9", [ONE], [])
    set_uid(bad_item.ReferencedSOPSequence[0], "ReferencedSOPInstanceUID", uid)
    with pytest.raises(BadHeader, match="ReferencedSOPInstanceUID"):
        read_report(bad_item)
    with pytest.raises(BadHeader):
        read_report(Dataset())


def test_reasons_in_words() -> None:
    assert failure_reason_text(0x0112) == "0x0112 no such object instance"
    assert failure_reason_text(0x0999) == "0x0999 not a reason of the Standard"
