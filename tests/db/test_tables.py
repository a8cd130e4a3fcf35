"""The tables, as the migrations make them."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

import db.node_tables
import db.tables
import db.user_tables  # noqa: F401 (they make the metadata)
from db.table_base import Table


def test_migrations_make_exactly_the_tables_of_the_metadata(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Table.metadata) == []


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("instances", ["received_at", "id"]),
        ("instances", ["sop_instance_uid"]),
        ("studies", ["intake_due", "last_received_at"]),
        ("studies", ["first_received_at", "id"]),
        ("jobs", ["state", "created_at"]),
        ("deliveries", ["state", "destination"]),
        ("deliveries", ["transaction_uid"]),
        ("report_objects", ["sop_instance_uid"]),
    ],
)
def test_queue_and_status_queries_have_their_index(engine: Engine, table: str, columns: list[str]) -> None:
    inspector = inspect(engine)
    found: list[list[str | None]] = [list(index["column_names"]) for index in inspector.get_indexes(table)]
    found += [list(constraint["column_names"]) for constraint in inspector.get_unique_constraints(table)]
    assert columns in found


def test_patient_identifiers_have_columns_only_where_they_are_needed() -> None:
    named = {
        table.name for table in Table.metadata.tables.values() for column in table.columns if "patient" in column.name
    }
    assert named == {"studies", "clinical_context"}
