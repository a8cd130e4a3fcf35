"""Partial indexes are made as they are asked for."""

from sqlalchemy import Column, Index, Integer, MetaData, Table, create_mock_engine
from sqlalchemy.schema import CreateIndex

from db.table_base import where, where_on_postgresql


def _sql(url: str, **options: object) -> str:
    engine = create_mock_engine(url, lambda *_: None)
    column: Column[int] = Column("a", Integer)
    index = Index("ix", column, **options)  # type: ignore[arg-type]
    Table("t", MetaData(), column, index)
    return " ".join(str(CreateIndex(index).compile(dialect=engine.dialect)).split())


def test_a_partial_index_on_both() -> None:
    for url in ("sqlite://", "postgresql+psycopg2://"):
        assert _sql(url, **where("a = 1")) == "CREATE INDEX ix ON t (a) WHERE a = 1"


def test_a_partial_index_on_postgresql_is_a_whole_one_on_sqlite() -> None:
    assert _sql("sqlite://", **where_on_postgresql("a = 1")) == "CREATE INDEX ix ON t (a)"
    assert _sql("postgresql+psycopg2://", **where_on_postgresql("a = 1")) == "CREATE INDEX ix ON t (a) WHERE a = 1"
