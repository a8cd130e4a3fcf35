"""What is written of associations."""

import time

from dicom_node.entries import AssociationEntry


def _entry() -> AssociationEntry:
    return AssociationEntry(calling_ae_title="CT1", called_ae_title="OPPORTUNE", address="10.0.0.1")


def test_it_is_as_old_as_its_association() -> None:
    entry = _entry()
    entry.accepted = time.monotonic() - 30
    assert 30 <= entry.age < 60


def test_it_is_found_under_every_number_that_it_may_have() -> None:
    entry = _entry()
    assert entry.numbers == []
    entry.doubtful.append(3)
    assert entry.numbers == [3]
    entry.number = 7
    assert entry.numbers == [3, 7]


def test_two_of_the_same_peer_are_two() -> None:
    """They are told apart by what they are, not by what they say: one peer opens many."""
    first, second = _entry(), _entry()
    second.accepted = first.accepted
    assert first != second
    assert len({first, second}) == 2
