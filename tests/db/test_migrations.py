"""The migrations, as a chain."""

from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from db.engine import make_engine, migrate, migration_config


def test_the_chain_has_one_end_and_no_branch() -> None:
    script = ScriptDirectory.from_config(migration_config())
    assert len(script.get_heads()) == 1
    chain = [revision.revision for revision in script.walk_revisions()]
    assert chain == sorted(chain, reverse=True)
    assert chain[-1] == "0001"


def test_an_empty_database_comes_to_the_end_of_the_chain(url: str) -> None:
    engine: Engine = make_engine(url)
    migrate(engine)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    engine.dispose()
    assert found == ScriptDirectory.from_config(migration_config()).get_heads()
