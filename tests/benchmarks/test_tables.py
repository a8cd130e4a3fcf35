"""Tables of a page are put in the place of the old ones, and nothing else of the page changes."""

from pathlib import Path

import pytest

from benchmarks.__main__ import PARTS
from benchmarks.tables import END, begin, put

PAGE = f"# Page\n\nBefore.\n\n{begin('one')}\n\nold\n\n{END}\n\nBetween.\n\n{begin('one.two')}\n\nkept\n\n{END}\n"


def test_the_text_around_stays() -> None:
    assert put(PAGE, "one", "| a | \\1 |\n") == PAGE.replace("old", "| a | \\1 |")


def test_a_place_is_filled_again_and_again() -> None:
    assert put(put(PAGE, "one.two", "new"), "one.two", "kept") == PAGE


@pytest.mark.parametrize("page", ["", PAGE + PAGE])
def test_a_page_without_one_place_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="one place for one"):
        put(page, "one", "new")


@pytest.mark.parametrize("part", PARTS)
def test_the_page_of_performance_has_a_place_for_each_part(part: str) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "performance.md").read_text(encoding="utf-8")
    assert put(page, part, "new").count("\nnew\n") == 1
