"""Associations: who called, what we did not accept, how it ended."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypedDict, cast

from sqlalchemy import Connection, Table, bindparam, insert, update
from sqlalchemy.orm import Session

from db.columns import UtcDateTime
from db.engine import database_now, now_of
from db.prepared import Prepared
from db.tables import AssociationRow, RefusedContextRow

_OPEN = Prepared(
    insert(cast("Table", AssociationRow.__table__)).returning(AssociationRow.id),
    ("calling_ae_title", "called_ae_title", "address", "opened_at"),
)
_CLOSE = Prepared(
    update(cast("Table", AssociationRow.__table__))
    .where(AssociationRow.id == bindparam("number"), AssociationRow.closed_at.is_(None))
    .values(closed_at=bindparam("now", type_=UtcDateTime()), ended=bindparam("how"))
)


class NewAssociation(TypedDict):
    """An accepted association."""

    calling_ae_title: str
    called_ae_title: str
    address: str
    rejected_contexts: Sequence[tuple[str, list[str]]]  #: abstract syntax and the transfer syntaxes offered with it
    age: timedelta  #: since it was accepted


def open_all(connection: Connection, accepted: Sequence[NewAssociation]) -> list[int]:
    """Record accepted associations; the number of each."""
    numbers: list[int] = []
    for one in accepted:
        row = {
            "calling_ae_title": one["calling_ae_title"],
            "called_ae_title": one["called_ae_title"],
            "address": one["address"],
            "opened_at": now_of(connection) - one["age"],
        }
        number: int = _OPEN.run(connection, [row]).scalar_one()
        numbers.append(number)
        if one["rejected_contexts"]:
            connection.execute(
                insert(RefusedContextRow),
                [
                    {"association_id": number, "abstract_syntax": abstract, "transfer_syntaxes": list(syntaxes)}
                    for abstract, syntaxes in one["rejected_contexts"]
                ],
            )
    return numbers


def close_all(connection: Connection, ended: Sequence[tuple[int, str]]) -> None:
    """Record how associations, by their numbers, ended: "released", "aborted" or "connection lost".

    The first word stands.
    """
    if ended:
        now = now_of(connection)
        _CLOSE.run(connection, [{"number": number, "now": now, "how": how} for number, how in ended])


def refuse_association(s: Session, *, calling_ae_title: str, called_ae_title: str, address: str, reason: str) -> int:
    """Record an association that we rejected, and why."""
    now = database_now(s)
    row = AssociationRow(
        calling_ae_title=calling_ae_title,
        called_ae_title=called_ae_title,
        address=address,
        opened_at=now,
        closed_at=now,
        ended="refused",
        refused=reason,
        reported_at=now,  # it brought nothing
    )
    s.add(row)
    s.flush()
    return row.id


def close_stale(s: Session) -> int:
    """Close every association left open by a listener that died; the new listener calls it before it listens."""
    closed = s.execute(
        update(AssociationRow)
        .where(AssociationRow.closed_at.is_(None))
        .values(closed_at=database_now(s), ended="listener restarted")
        .returning(AssociationRow.id)
    )
    return len(closed.all())
