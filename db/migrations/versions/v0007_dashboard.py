"""For the dashboard: users, their sessions and tokens; which processes run; studies in the order in which they came."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("password_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", NUMBER, nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )
    own: list[tuple[str, list[sa.Column[Any]]]] = [
        (
            "user_sessions",
            [
                sa.Column("token_digest", sa.String(), nullable=False),
                sa.Column("csrf", sa.String(), nullable=False),
                sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
                sa.Column("idle_at", sa.DateTime(timezone=True), nullable=False),
                sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
            ],
        ),
        (
            "api_tokens",
            [
                sa.Column("label", sa.String(), nullable=False),
                sa.Column("role", sa.String(), nullable=False),
                sa.Column("token_digest", sa.String(), nullable=False),
                sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
                sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
            ],
        ),
    ]
    for name, columns in own:
        op.create_table(
            name,
            sa.Column("id", NUMBER, autoincrement=True, nullable=False),
            sa.Column("user_id", NUMBER, nullable=False),
            *columns,
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
            sa.ForeignKeyConstraint(
                ["user_id"], ["users.id"], name=op.f(f"fk_{name}_user_id"), ondelete="CASCADE"
            ),
            sa.UniqueConstraint("token_digest", name=op.f(f"uq_{name}_token_digest")),
        )
        op.create_index(op.f(f"ix_{name}_user_id"), name, ["user_id"])
    op.create_index(op.f("ix_studies_first_received_at_id"), "studies", ["first_received_at", "id"])
    op.create_index(
        "ix_jobs_dismissed", "jobs", ["study_instance_uid"], sqlite_where=sa.text("state = 'dismissed'"),
        postgresql_where=sa.text("state = 'dismissed'"),
    )
    op.create_table(
        "processes",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processes")),
        sa.UniqueConstraint("name", name=op.f("uq_processes_name")),
    )
