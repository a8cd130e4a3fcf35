"""Run by Alembic for each upgrade: on the connection, and in the transaction, of `db.engine.migrate`."""

from alembic import context

from db import node_tables, tables, user_tables  # noqa: F401 (they make the metadata)
from db.table_base import Table

context.configure(connection=context.config.attributes["connection"], target_metadata=Table.metadata)
context.run_migrations()
