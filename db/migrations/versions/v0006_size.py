"""For millions of rows: tallies in place of counting, indexes that hold only what waits. Which spool is ours."""

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# table: what its rows are counted by (part, value), and the columns that these come from
COUNTED = {
    "associations": ("''", "CASE WHEN {row}refused IS NULL THEN 'accepted' ELSE 'refused' END", "refused"),
    "deliveries": ("{row}destination", "{row}state", "destination, state"),
    "instances": ("''", "{row}state", "state"),
    "jobs": ("''", "{row}state", "state"),
    "refusals": ("''", "CAST({row}status AS VARCHAR)", "status"),
    "refused_contexts": ("''", "{row}abstract_syntax", "abstract_syntax"),
    "results": ("{row}kind", "COALESCE({row}code, '')", "kind, code"),
    "selections": ("{row}kind", "{row}code", "kind, code"),
    "studies": ("''", "CASE WHEN {row}conflict IS NULL THEN 'sound' ELSE 'conflict' END", "conflict"),
}

DROPPED = {
    "associations": ["closed_at", "refused", "reported_at"],
    "audit_messages": ["filed_at", "sent_at"],
    "deliveries": ["destination_state", "state_next_attempt_at"],
    "instances": ["sop_instance_uid", "state_received_at"],
    "jobs": ["state_lease_until", "state_next_attempt_at"],
    "refusals": ["status"],
    "refused_contexts": ["abstract_syntax"],
    "results": ["kind_code"],
    "selections": ["kind_code"],
}

PARTIAL = [
    ("ix_associations_open", "associations", ["id"], "closed_at IS NULL"),
    ("ix_associations_unreported", "associations", ["id"], "reported_at IS NULL"),
    ("ix_audit_messages_unfiled", "audit_messages", ["id"], "filed_at IS NULL"),
    ("ix_audit_messages_unsent", "audit_messages", ["id"], "sent_at IS NULL"),
    ("ix_instances_received", "instances", ["received_at", "id"], "state = 'received'"),
]


def upgrade() -> None:
    for table, columns in DROPPED.items():
        for column in columns:
            op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
    for name, table, columns, where in PARTIAL:
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_index(op.f("ix_refusals_association_id"), "refusals", ["association_id"])
    op.create_index(
        op.f("ix_jobs_state_created_at"), "jobs", ["state", "created_at"],
        postgresql_where=sa.text("state IN ('ready', 'retry_wait', 'claimed', 'quarantined')"),
    )
    op.create_index(
        op.f("ix_deliveries_state_destination"), "deliveries", ["state", "destination"],
        postgresql_where=sa.text("state <> 'committed'"),
    )
    op.create_table(
        "tallies",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("counted", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tallies")),
    )
    op.create_table(
        "spools",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spools")),
    )
    write_triggers = {"sqlite": _on_sqlite, "postgresql": _on_postgresql}[op.get_bind().dialect.name]
    for table in COUNTED:
        for statement in write_triggers(table):  # they lock the table: what is counted now is what is there
            op.execute(statement)
        op.execute(_count(table))


def _count(table: str) -> str:
    part, value = (text.format(row="") for text in COUNTED[table][:2])
    return (
        f"INSERT INTO tallies (counted, part, value, number)"
        f" SELECT '{table}', {part}, {value}, count(*) FROM {table} GROUP BY 2, 3"
    )


def _line(table: str, row: str, number: int) -> str:
    part, value = (text.format(row=f"{row}.") for text in COUNTED[table][:2])
    return f"INSERT INTO tallies (counted, part, value, number) VALUES ('{table}', {part}, {value}, {number});"


def _on_sqlite(table: str) -> list[str]:
    more, fewer = _line(table, "NEW", 1), _line(table, "OLD", -1)
    events = {"INSERT": more, "DELETE": fewer, f"UPDATE OF {COUNTED[table][2]}": fewer + more}
    return [
        f"CREATE TRIGGER tally_{table}_{event.split()[0].lower()} AFTER {event} ON {table} BEGIN {lines} END"
        for event, lines in events.items()
    ]


def _on_postgresql(table: str) -> list[str]:
    return [
        f"""
        CREATE FUNCTION tally_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP <> 'INSERT' THEN {_line(table, "OLD", -1)} END IF;
            IF TG_OP <> 'DELETE' THEN {_line(table, "NEW", 1)} END IF;
            RETURN NULL;
        END $$
        """,
        f"""
        CREATE TRIGGER tally_{table} AFTER INSERT OR DELETE OR UPDATE OF {COUNTED[table][2]} ON {table}
        FOR EACH ROW EXECUTE FUNCTION tally_{table}()
        """,
    ]
