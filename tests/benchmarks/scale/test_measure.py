"""Times are taken of every run but the first, and told with the plans."""

from pathlib import Path

import pytest
from sqlalchemy import text

from benchmarks.scale.measure import Timed, measured
from benchmarks.scale.page import Filled, page, section
from benchmarks.scale.verbs import Verb
from db.engine import make_engine, migrate


def _measured(folder: Path, sql: str) -> tuple[list[Timed], int]:
    engine = make_engine(f"sqlite:///{folder / 'opportune.sqlite'}")
    migrate(engine)
    ran = []

    def run() -> None:
        ran.append(1)
        with engine.connect() as connection:
            connection.execute(text(sql))

    found = list(measured(engine, [Verb(group="people", name="look", run=run)], 7))
    engine.dispose()
    return found, len(ran)


def test_each_is_run_once_more_than_is_timed(tmp_path: Path) -> None:
    (timed,), ran = _measured(tmp_path, "SELECT * FROM jobs WHERE id = 7")
    assert (ran, timed.runs) == (8, 7)
    assert 0 < timed.median <= timed.p95 <= timed.longest
    assert timed.scans == []


@pytest.mark.parametrize(
    ("sql", "told"), [("SELECT * FROM jobs WHERE reason = 'x'", "`jobs`"), ("SELECT * FROM tallies", "none")]
)
def test_the_page_tells_which_tables_were_read_as_a_whole(tmp_path: Path, sql: str, told: str) -> None:
    timed, _ = _measured(tmp_path, sql)
    filled = Filled(
        name="SQLite",
        rows={"jobs": 12_000, "series": 3},
        gigabytes=0.25,
        fill_seconds=90,
        loads=(0.5, 1.5),
        timed=timed,
    )
    text_of_page = page([section(filled)], 7)
    assert "12,000 jobs: 0.2 GB" in text_of_page
    assert text_of_page.rstrip().endswith(f"| {told} |")
    assert "| people | look |" in text_of_page
    assert "load was 0.5 when the questions began and 1.5" in text_of_page
