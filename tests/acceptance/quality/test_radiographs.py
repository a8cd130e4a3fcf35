from pathlib import Path

import pytest

from tests.acceptance.quality.defects import READ, Defect
from tests.acceptance.quality.radiographs import ROWS, SEEDS
from tests.acceptance.quality.runner import check, clean, names, screened


@pytest.mark.parametrize("model", SEEDS)
def test_without_a_defect_it_is_read(model: str, tmp_path: Path) -> None:
    assert screened(model, clean(model, SEEDS[model]), tmp_path).code == READ


@pytest.mark.parametrize("row", ROWS, ids=names(ROWS))
def test_each_defect_ends_as_its_row_says(row: Defect, tmp_path: Path) -> None:
    check(row, SEEDS[row.model], tmp_path)
