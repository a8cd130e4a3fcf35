import pytest

from tests.training.reporting.cohorts import bench, make
from training.evaluation.concordance import harrell_c
from training.reporting.layouts.spine_fracture_xr import tables
from training.reporting.published import FIGURE_4

COHORT = make("spine_fracture_xr", 400)
TABLES = {table.key: table for table in tables([bench(COHORT)])}


def test_figure_4_is_of_women_in_the_paper_s_order() -> None:
    table = TABLES["figure_4_women:made up"]
    assert [str(row[0]) for row in table.rows] == [title for title, _ in FIGURE_4.values()]
    women = COHORT.groups["sex"] == "F"
    wanted = harrell_c(*(COHORT.values[name][women] for name in ("time", "event", "frax"))).c
    assert table.rows[0][3].value == pytest.approx(wanted)
    assert str(table.rows[0][1]) == str(int(women.sum()))
    assert table.rows[8][3].published == ".433 (.510-.579) [sic]"
    assert any("probably a slip" in note for note in table.notes)


def test_what_the_image_adds_is_paired() -> None:
    table = TABLES["differences:made up"]
    said = [(str(row[0]), str(row[1])) for row in table.rows]
    assert ("model 3", "deepsurv and image - cox") in said
    row = table.rows[said.index(("model 3", "deepsurv and image - cox"))]
    c = [harrell_c(COHORT.values["time"], COHORT.values["event"], COHORT.values[n]).c
         for n in ("deepsurv_image_m3", "cox_m3")]  # fmt: skip
    assert row[2].value == pytest.approx(c[0] - c[1])
    assert row[3].value is not None


def test_all_patients_stand_without_the_paper_s_figures() -> None:
    assert not any(cell.published for row in TABLES["figure_4_all:made up"].rows for cell in row)
