"""Associations and what we did not accept in them."""

from datetime import timedelta

from sqlalchemy import select

from db import associations, status
from db.engine import Sessions, database_now, transaction
from db.tables import AssociationRow, RefusedContextRow
from tests.db import factories

_CALLER = {"calling_ae_title": "CT1", "called_ae_title": "OPPORTUNE", "address": "10.1.2.3"}


def test_an_association_is_open_until_it_is_closed(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        association = factories.open_association(
            s, **_CALLER, rejected_contexts=[("1.2.840.10008.5.1.4.1.1.4", ["1.2.840.10008.1.2", "1.2.3"])]
        )
        assert status.counts(s)["associations"]["open"] == 1
        factories.close_association(s, association, "aborted")
        factories.close_association(s, association, "released")
    with transaction(sessions) as s:
        row = s.get_one(AssociationRow, association)
        assert (row.ended, row.address, row.refused) == ("aborted", "10.1.2.3", None)
        assert row.closed_at is not None
        assert row.closed_at >= row.opened_at
        refused = s.scalars(select(RefusedContextRow)).one()
        assert refused.transfer_syntaxes == ["1.2.840.10008.1.2", "1.2.3"]


def test_it_was_opened_when_it_was_accepted(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        number = factories.open_association(s, **_CALLER, age=timedelta(seconds=30))
        waited = database_now(s) - s.get_one(AssociationRow, number).opened_at
        assert timedelta(seconds=30) <= waited < timedelta(seconds=60)


def test_a_refused_association_is_counted_and_not_open(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        associations.refuse_association(s, **_CALLER, reason="unknown calling AE title")
        assert status.counts(s)["associations"] == {"open": 0, "refused": 1}


def test_a_restarted_listener_closes_what_its_predecessor_left(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        closed = factories.open_association(s, **_CALLER, rejected_contexts=[])
        factories.close_association(s, closed, "released")
        left = [factories.open_association(s, **_CALLER, rejected_contexts=[]) for _ in range(2)]
        assert associations.close_stale(s) == 2
        assert associations.close_stale(s) == 0
    with transaction(sessions) as s:
        assert {s.get_one(AssociationRow, key).ended for key in left} == {"listener restarted"}
        assert s.get_one(AssociationRow, closed).ended == "released"
