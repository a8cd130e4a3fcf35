"""Associations: who called, what we did not accept, how it ended."""

from collections.abc import Sequence

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from db.engine import database_now
from db.tables import AssociationRow, RefusedContextRow


def open_association(
    s: Session,
    *,
    calling_ae_title: str,
    called_ae_title: str,
    address: str,
    rejected_contexts: Sequence[tuple[str, list[str]]],
) -> int:
    """Record an accepted association. rejected_contexts: (abstract syntax, transfer syntaxes) that we did not take."""
    row = AssociationRow(
        calling_ae_title=calling_ae_title,
        called_ae_title=called_ae_title,
        address=address,
        opened_at=database_now(s),
    )
    s.add(row)
    s.flush()
    if rejected_contexts:
        s.execute(
            insert(RefusedContextRow),
            [
                {"association_id": row.id, "abstract_syntax": abstract, "transfer_syntaxes": list(syntaxes)}
                for abstract, syntaxes in rejected_contexts
            ],
        )
    return row.id


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


def close_association(s: Session, association_id: int, ended: str) -> None:
    """Record how an association ended: "released", "aborted" or "connection lost". The first word stands."""
    s.execute(
        update(AssociationRow)
        .where(AssociationRow.id == association_id, AssociationRow.closed_at.is_(None))
        .values(closed_at=database_now(s), ended=ended)
    )


def close_stale(s: Session) -> int:
    """Close every association left open by a listener that died; the new listener calls it before it listens."""
    closed = s.execute(
        update(AssociationRow)
        .where(AssociationRow.closed_at.is_(None))
        .values(closed_at=database_now(s), ended="listener restarted")
        .returning(AssociationRow.id)
    )
    return len(closed.all())
