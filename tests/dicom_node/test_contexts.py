"""What we take is what we say."""

from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from dicom_node.contexts import (
    RECEIVED_SOP_CLASSES,
    RECEIVED_TRANSFER_SYNTAXES,
    commitment_context,
    storage_contexts,
    verification_context,
)


def test_every_class_in_every_encoding() -> None:
    contexts = storage_contexts()
    assert [context.abstract_syntax for context in contexts] == list(RECEIVED_SOP_CLASSES)
    assert all(context.transfer_syntax == list(RECEIVED_TRANSFER_SYNTAXES) for context in contexts)


def test_nothing_dangerous_or_retired_is_offered() -> None:
    every = {
        str(uid)
        for context in [*storage_contexts(), commitment_context(), verification_context()]
        for uid in context.transfer_syntax
    }
    assert not every & {DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian}
    assert not any(UID(uid).is_deflated or not UID(uid).is_little_endian for uid in every)


def test_no_doubles() -> None:
    assert len(set(RECEIVED_SOP_CLASSES)) == len(RECEIVED_SOP_CLASSES)
    assert len(set(RECEIVED_TRANSFER_SYNTAXES)) == len(RECEIVED_TRANSFER_SYNTAXES)


def test_all_are_of_the_standard() -> None:
    assert all(UID(uid).type == "SOP Class" for uid in RECEIVED_SOP_CLASSES)
    assert all(UID(uid).type == "Transfer Syntax" for uid in RECEIVED_TRANSFER_SYNTAXES)


def test_we_may_be_reported_to() -> None:
    context = commitment_context()
    assert context.scu_role is True
    assert context.scp_role is True
