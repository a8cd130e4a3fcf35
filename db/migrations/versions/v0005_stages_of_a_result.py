"""How long the stages of a run took, kept with its result; pictures compressed in a tenth of the time."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    op.add_column("results", sa.Column("stages", sa.JSON(), nullable=True))  # nobody measured what was there before
    connection = op.get_bind()
    if connection.dialect.name == "postgresql" and connection.execute(_LZ4).scalar():
        op.execute("ALTER TABLE report_objects ALTER COLUMN encoded SET COMPRESSION lz4")


# a server before 14 has no such setting, one that was built without it does not list it
_LZ4 = sa.text("SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'")
