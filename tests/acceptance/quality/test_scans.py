from pathlib import Path

import pytest

from tests.acceptance.quality.defects import READ, Defect
from tests.acceptance.quality.runner import Seen, names, screened
from tests.acceptance.quality.scans import ABDOMEN, CHEST, ROWS, clean


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """What the two models say of a study without a defect."""
    return {model: screened(model, clean(model), tmp_path_factory.mktemp(model)) for model in (CHEST, ABDOMEN)}


@pytest.mark.parametrize("model", [CHEST, ABDOMEN])
def test_without_a_defect_it_is_read(model: str, read: dict[str, Seen]) -> None:
    assert read[model].code == READ, read[model]


@pytest.mark.parametrize("row", ROWS, ids=names(ROWS))
def test_each_defect_ends_as_its_row_says(row: Defect, read: dict[str, Seen], tmp_path: Path) -> None:
    seen = screened(row.model, row.apply(clean(row.model)), tmp_path)
    assert seen.code == row.expected, seen
    assert row.said in seen.words
    if row.said:
        assert (row.said in read[row.model].words) != row.recognised
