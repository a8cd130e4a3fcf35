"""What an association brought."""

from db import associations, instances, transfers
from db.engine import Sessions, transaction
from db.transfers import Brought, Fate
from tests.db import factories
from tests.db.factories import CR, STUDY

_CALLER = {"calling_ae_title": "CT1", "called_ae_title": "US", "address": "10.1.2.3"}


def _opened(sessions: Sessions) -> int:
    with transaction(sessions) as s:
        return factories.open_association(s, **_CALLER, rejected_contexts=[])


def _unreported(sessions: Sessions) -> list[Brought]:
    with transaction(sessions, read_only=True) as s:
        return transfers.unreported(s)


def test_it_is_told_once_everything_was_read_and_the_association_is_over(sessions: Sessions) -> None:
    number = _opened(sessions)
    with transaction(sessions) as s:
        waits = factories.receive(s, "1.2.3.1.1.1", number)
    assert _unreported(sessions) == []
    with transaction(sessions) as s:
        factories.close_association(s, number, "released")
    assert _unreported(sessions) == []
    with transaction(sessions) as s:
        instances.index(s, waits, factories.make_instance())
    (brought,) = _unreported(sessions)
    assert (brought.association_id, brought.calling_ae_title, brought.address) == (number, "CT1", "10.1.2.3")
    (part,) = brought.parts
    assert (part.study_instance_uid, part.fate, part.patient_id, part.accession_number) == (STUDY, Fate.NEW, "P1", "A1")
    assert part.sop_classes == {CR: 1}
    assert part.sop_instance_uids == []
    with transaction(sessions) as s:
        assert transfers.reported(s, number)
        assert not transfers.reported(s, number)
    assert _unreported(sessions) == []


def test_studies_and_fates_are_apart(sessions: Sessions) -> None:
    number = _opened(sessions)
    with transaction(sessions) as s:
        factories.admit(s, factories.make_instance(), number)
        factories.admit(s, factories.make_instance(), number)  # the same bytes again
        factories.admit(s, factories.make_instance("1.9.1.1", study="1.9", series="1.9.1"), number)
        instances.unreadable(s, factories.receive(s, "1.2.5", number), "bad-header", "no UID")
        for uid in ("1.2.6", "1.2.7"):
            instances.refuse(
                s, association_id=number, sop_class_uid=CR, sop_instance_uid=uid, status=0xA700, reason="disk full"
            )
        factories.close_association(s, number, "released")
    (brought,) = _unreported(sessions)
    found = {(part.study_instance_uid, part.fate): part for part in brought.parts}
    assert set(found) == {
        (STUDY, Fate.NEW), (STUDY, Fate.KNOWN), ("1.9", Fate.NEW), ("", Fate.UNREADABLE), ("", Fate.REFUSED),
    }  # fmt: skip
    assert found["", Fate.UNREADABLE].reason == "no UID"
    refused = found["", Fate.REFUSED]
    assert (refused.sop_instance_uids, refused.sop_classes, refused.reason) == (
        ["1.2.6", "1.2.7"],
        {CR: 2},
        "disk full",
    )


def test_what_was_refused_or_brought_nothing_has_no_parts(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        associations.refuse_association(s, **_CALLER, reason="wrong address")
        factories.close_association(s, factories.open_association(s, **_CALLER, rejected_contexts=[]), "released")
    assert [brought.parts for brought in _unreported(sessions)] == [()]
