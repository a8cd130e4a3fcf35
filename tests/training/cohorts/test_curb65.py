from pathlib import Path

import numpy as np
import pytest

from models.cap_mortality_cxr.curb65 import Curb65Items
from training.cohorts.curb65 import COLUMNS, curb65_of
from training.cohorts.table import Layout, Outcome, read_table

HEADER = "patient_id,images,event,confusion,urea_mmol_per_l,respiratory_rate,systolic_mmhg,diastolic_mmhg,age_years"


def test_scores_of_rows_and_none_where_an_item_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "cohort.csv"
    rows = ("P1,a,1,1,8,32,85,55,70", "P2,b,0,0,5,16,120,80,40", "P3,c,0,0,,32,120,80,70", "P4,d,0,0,5,16,120,80,65")
    path.write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    table = read_table(path, Layout(outcome=Outcome.EVENT, clinical=COLUMNS), check_images=False)
    assert curb65_of(table) == pytest.approx([5, 0, np.nan, 1], nan_ok=True)


def test_columns_are_the_items() -> None:
    assert {column.name for column in COLUMNS} == set(Curb65Items.__dataclass_fields__)


def test_a_table_without_the_columns_has_no_score(tmp_path: Path) -> None:
    path = tmp_path / "cohort.csv"
    path.write_text("patient_id,images,event\nP1,a,1\n", encoding="utf-8")
    with pytest.raises(KeyError):
        curb65_of(read_table(path, Layout(outcome=Outcome.EVENT), check_images=False))
