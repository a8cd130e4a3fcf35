"""The clinical context that a job was opened with; studies of a patient, found for context that comes later."""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("context", sa.JSON(), nullable=True))
    op.create_index(op.f("ix_studies_patient_id"), "studies", ["patient_id"], unique=False)
