"""The audit trail as a chain that only grows; audit messages on their way."""

import hashlib
import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    connection = op.get_bind()
    found = connection.execute(sa.text("SELECT at, actor, action, subject, detail FROM audit ORDER BY id")).all()
    op.drop_table("audit")
    audit = op.create_table(
        "audit",
        sa.Column("sequence", NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    digest = "0" * 64
    for sequence, row in enumerate(found, 1):
        at = _aware(row.at)
        values = ["opportune-audit-1", digest, sequence, at.isoformat(timespec="microseconds"), *row[1:]]
        digest = hashlib.sha256(json.dumps(values, separators=(",", ":")).encode("ascii")).hexdigest()
        stored = at.replace(tzinfo=None) if connection.dialect.name == "sqlite" else at
        connection.execute(
            audit.insert().values(
                sequence=sequence, at=stored, actor=row.actor, action=row.action, subject=row.subject,
                detail=row.detail, digest=digest,
            )
        )
    for statement in _GUARDS[connection.dialect.name]:
        op.execute(statement)
    op.create_table(
        "audit_messages",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_messages")),
    )
    op.create_index(op.f("ix_audit_messages_filed_at"), "audit_messages", ["filed_at"], unique=False)
    op.create_index(op.f("ix_audit_messages_sent_at"), "audit_messages", ["sent_at"], unique=False)
    op.add_column("associations", sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_associations_reported_at"), "associations", ["reported_at"], unique=False)
    # what ended before this release is not told of
    op.execute("UPDATE associations SET reported_at = closed_at")


def _aware(at: datetime | str) -> datetime:
    """SQLite gives text of a moment in UTC, PostgreSQL an aware moment."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


_GUARDS = {
    "sqlite": [
        f"""
        CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END
        """
        for verb in ("update", "delete")
    ],
    "postgresql": [
        """
        CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the audit trail only grows'; END $$
        """,
        """
        CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()
        """,
    ],
}
