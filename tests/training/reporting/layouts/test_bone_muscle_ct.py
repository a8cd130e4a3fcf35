import pytest

from tests.training.reporting.cohorts import bench, make
from training.evaluation.discrimination import auc
from training.evaluation.time_auc import auc_at
from training.reporting.layouts.bone_muscle_ct import tables

COHORT = make("bone_muscle_ct", 400)
V = COHORT.values
TABLES = {table.key: table for table in tables([bench(COHORT, draws=200)])}


def test_detection() -> None:
    row = TABLES["detection"].rows[0]
    assert row[3].value == pytest.approx(auc(V["fracture_score"], V["fracture"]))
    assert row[3].published == ".82 development, .80 external"


def test_bone_and_muscle_against_bone_alone() -> None:
    table = TABLES["auroc:made up"]
    assert [str(row[0]) for row in table.rows] == ["2 y", "3 y", "5 y"]
    row = table.rows[1]
    both, bone = (auc_at(V["time"], V["event"], V[name], 3.0) for name in ("risk_3", "bone_3"))
    assert row[2].value == pytest.approx(both)
    assert row[4].value == pytest.approx(both - bone)
    assert row[5].value is not None
    assert (row[2].published, row[3].published, row[5].published) == (".71", ".68", "<.01")


def test_frax_is_compared_where_it_is_given() -> None:
    row = TABLES["concordance:made up"].rows[2]
    assert str(row[0]) == "FRAX"
    assert row[4].value is not None
    assert row[5].value is not None
