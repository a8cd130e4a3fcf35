"""`python -m benchmarks.scale`: fill a database, ask it everything, print; hours for nobody, but some gigabytes."""

import argparse
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, func, select, text

from benchmarks.scale.fill import fill
from benchmarks.scale.measure import measured, reconciler_on, show
from benchmarks.scale.page import Filled, page, section
from benchmarks.scale.size import Size
from benchmarks.scale.verbs import Verbs
from db.engine import make_engine, make_sessions, migrate
from db.table_base import Table
from tests.servers.postgres import running_postgres

CALM_SECONDS = 3600


@contextmanager
def filled_postgres(size: Size) -> Iterator[tuple[Engine, float]]:
    """A server whose database is filled, and how long that took. It flushes what is committed only afterwards."""
    with running_postgres() as server:
        url = server.database()
        engine = make_engine(url)
        migrate(engine)
        seconds = fill(engine, size)
        engine.dispose()
        server.stop()
        replace(server, durable=True).start()
        yield engine, seconds
        engine.dispose()


@contextmanager
def filled_sqlite(size: Size, folder: Path) -> Iterator[tuple[Engine, float]]:
    """The same in a file."""
    engine = make_engine(f"sqlite:///{folder / 'opportune.sqlite'}")
    migrate(engine)
    yield engine, fill(engine, size)
    engine.dispose()


def measure(name: str, filled: tuple[Engine, float], size: Size, runs: int, folder: Path) -> Filled:
    """Ask everything."""
    engine, seconds = filled
    rows, gigabytes = rows_and_gigabytes(engine)
    before, timed = os.getloadavg()[0], []
    for item in measured(engine, Verbs(make_sessions(engine), size, reconciler_on(engine, folder)), runs):
        show(item)
        timed.append(item)
    return Filled(
        name=name, rows=rows, gigabytes=gigabytes, fill_seconds=seconds, loads=(before, os.getloadavg()[0]), timed=timed
    )


def await_calm(load: float | None) -> None:
    """Wait while others are at work, but not for ever."""
    begin = time.monotonic()
    while load is not None and os.getloadavg()[0] >= load and time.monotonic() - begin < CALM_SECONDS:
        time.sleep(5)


def rows_and_gigabytes(engine: Engine) -> tuple[dict[str, int], float]:
    """How many rows each table has, and how large the database is."""
    with engine.connect() as connection:
        rows = {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in Table.metadata.sorted_tables
        }
        if engine.dialect.name == "postgresql":
            size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        else:
            size = Path(str(engine.url.database)).stat().st_size
    return rows, size / 2**30


def main() -> None:
    """Fill, measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--instances", type=int, default=10_000_000, help="on PostgreSQL; 0: leave it out")
    parser.add_argument("--sqlite-instances", type=int, default=1_000_000, help="on SQLite; 0: leave it out")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--calm", type=float, help="fill, then wait for at most an hour until the load is below this")
    parser.add_argument("--write", type=Path, help="the page")
    options = parser.parse_args()
    logging.getLogger("worker").setLevel(logging.ERROR)  # it finds no file for what is filled in as received
    sections = []
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="scale-") as name:  # a disk, as /tmp may be memory
        folder = Path(name)
        if options.instances:
            size = Size(instances=options.instances)
            with filled_postgres(size) as filled:
                await_calm(options.calm)
                sections.append(section(measure("PostgreSQL", filled, size, options.runs, folder / "postgres")))
        if options.sqlite_instances:
            size = Size(instances=options.sqlite_instances)
            with filled_sqlite(size, folder) as filled:
                await_calm(options.calm)
                sections.append(section(measure("SQLite", filled, size, options.runs, folder / "sqlite")))
    text_of_page = page(sections, options.runs)
    if options.write is None:
        print(text_of_page)
    else:
        options.write.write_text(text_of_page, encoding="utf-8")


if __name__ == "__main__":
    main()
