"""Tables about the node itself: who did what, what is told of it, what is wrong or paused, who runs, who answered."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.columns import Number
from db.table_base import Key, Table, where


class AuditRow(Table):
    """Who did what to what. Triggers of the migrations refuse to change or remove a row."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "at"),)

    # given by the writer, without a gap, so that of two writers of the same number one fails
    sequence: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[str]
    digest: Mapped[str]  #: chains it to the row before, see `db.audit_chain`


class AuditMessageRow(Table):
    """One audit message on its way, see `db.audit_messages`."""

    __tablename__ = "audit_messages"
    __table_args__ = (
        Index("ix_audit_messages_unfiled", "id", **where("filed_at IS NULL")),
        Index("ix_audit_messages_unsent", "id", **where("sent_at IS NULL")),
    )

    id: Mapped[Key]
    at: Mapped[datetime]
    message: Mapped[str]  #: XML; may name a patient
    filed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]


class TallyRow(Table):
    """So many rows more, or fewer, of one kind in one table. Triggers of the migrations write it, see `db.tallies`."""

    __tablename__ = "tallies"

    id: Mapped[Key]
    counted: Mapped[str]  #: name of the table
    part: Mapped[str]  #: of it, e.g. a destination; "" for the whole
    value: Mapped[str]  #: e.g. a state
    number: Mapped[int]


class SpoolRow(Table):
    """The spool of this database, in one row, see `db.spools`."""

    __tablename__ = "spools"

    id: Mapped[Key]
    token: Mapped[str]


class ConditionRow(Table):
    """What is wrong now with a part of the node; no row while it works."""

    __tablename__ = "conditions"
    __table_args__ = (UniqueConstraint("subject"),)

    id: Mapped[Key]
    subject: Mapped[str]  #: "spool", or "destination" and its name
    failures: Mapped[int]  #: in a row
    since: Mapped[datetime]
    retry_at: Mapped[datetime | None]  #: when it is tried again; null: at any time, or by a person
    detail: Mapped[str]


class ProcessRow(Table):
    """One process of the node that says from time to time that it is there, see `db.processes`."""

    __tablename__ = "processes"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[Key]
    name: Mapped[str]  #: of the process alone: host, number, and what tells it from an earlier one
    role: Mapped[str]
    host: Mapped[str]
    version: Mapped[str]  #: of the software
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class EchoRow(Table):
    """One C-ECHO to a destination that somebody asked for, see `db.echoes`."""

    __tablename__ = "echoes"
    __table_args__ = (Index(None, "destination", "id"),)

    id: Mapped[Key]
    destination: Mapped[str]  #: its name in the settings
    at: Mapped[datetime]
    ok: Mapped[bool]
    outcome: Mapped[str]  #: success, or what failed, in one word
    detail: Mapped[str]
    milliseconds: Mapped[int]
    who: Mapped[str]


class PauseRow(Table):
    """A part of the node that an operator stopped, see `db.pauses`; no row while it runs."""

    __tablename__ = "pauses"
    __table_args__ = (UniqueConstraint("part"),)

    id: Mapped[Key]
    part: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str]
    why: Mapped[str]
