"""How long the stages of a run took, kept with its result."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    op.add_column("results", sa.Column("stages", sa.JSON(), nullable=True))  # nobody measured what was there before
