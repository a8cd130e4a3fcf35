"""The page is made from the simulation and from nothing else."""

from pathlib import Path

import pytest

from benchmarks.capacity.forecast import fewest, forecasts, year_of
from benchmarks.capacity.page import page
from benchmarks.capacity.service_times import load
from benchmarks.capacity.traffic import NETWORKS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "capacity.md"


@pytest.fixture(scope="module")
def made() -> str:
    year = year_of(NETWORKS[0], load(), seed=1)
    found = {1.0: forecasts(year, 1), 20.0: forecasts(year, 1, 20.0)}
    return page(
        load(), [year], [found], [{1.0: fewest(year, 1), 5.0: fewest(year, 1, 5.0), 20.0: fewest(year, 1, 20.0)}], 1
    )


def test_the_small_department_of_the_page_is_made_anew(made: str) -> None:
    """The same seed, the same figures: what docs/capacity.md says is what this code and these times give."""
    written = PAGE.read_text(encoding="utf-8")
    section = made[made.index("## A small department") :].rstrip()
    assert section in written
    assert made[: made.index("| a small department |")] in written


def test_a_network_that_is_overrun_says_so() -> None:
    year = year_of(NETWORKS[0], load(), seed=1)
    found = forecasts(year, 1, slower=1e4, counts=(1,))
    text = page(load(), [year], [{1e4: found}], [{1e4: None}], 1)
    assert "more comes than is done" in text
    assert "more than 64" in text
