from tests.acceptance.quality.page import PAGE, filled, models_of
from tests.acceptance.quality.suite import BY_MODEL


def test_the_page_has_the_rows_of_the_suite_and_no_other() -> None:
    """Made by `python -m tests.acceptance.quality.page`."""
    page = PAGE.read_text(encoding="utf-8")
    assert sorted(models_of(page)) == sorted(BY_MODEL)
    assert page == filled(page)
