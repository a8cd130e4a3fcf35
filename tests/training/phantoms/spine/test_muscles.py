import numpy as np
import pytest

from training.phantoms.spine.anatomy import MUSCLE_SHARE, Sex, draw_anatomy
from training.phantoms.spine.muscles import BELOW, COLUMNS, LABELS, column, scale_of
from training.phantoms.spine.phantom import SpineCT, make_spine_ct, scan_grid


def test_a_column_has_its_share_of_the_area() -> None:
    body = draw_anatomy(2, age=50, sex="M", fractures={})
    grid = scan_grid(body, (3.0, 1.5, 1.5), 10)
    assert sum(MUSCLE_SHARE.values()) == pytest.approx(1.0)
    for name in MUSCLE_SHARE:
        if name == "wall":
            continue
        found = column(grid, body, name, 1.0, scale_of(body, name))
        assert found is not None
        box, cover = found
        k = round(grid.index((0, 0, 0))[0]) - box[0].start
        drawn = 2 * cover[k].sum() * 0.0225
        assert 1.0 < drawn / (MUSCLE_SHARE[name] * body.muscle_area) < 1.45


def test_muscles_start_and_end_where_they_should() -> None:
    body = draw_anatomy(2, age=50, sex="M", fractures={})
    for name, shape in COLUMNS.items():
        heights = [body.vertebra(k[0]).centre[2] for k in shape.knots if k[0] != BELOW]
        assert heights == sorted(heights, reverse=True), name


def scans(age: float, sex: Sex) -> list[SpineCT]:
    return [make_spine_ct(k, age=age, sex=sex, phase="native", spacing=(4.0, 2.0, 2.0)) for k in range(40, 48)]


@pytest.mark.parametrize(("age", "sex"), [(40, "F"), (60, "F"), (80, "F"), (60, "M")])
def test_area_and_attenuation_at_l3_are_the_wanted_ones(age: float, sex: Sex) -> None:
    found = scans(age, sex)
    area = [p.truth.muscle.area / p.anatomy.muscle_area for p in found]
    hu = [p.truth.muscle.hu - p.anatomy.muscle_hu for p in found]
    assert np.mean(area) == pytest.approx(1, abs=0.06)
    assert np.std(area) < 0.1
    assert np.mean(hu) == pytest.approx(0, abs=3)


def test_age_takes_muscle_and_brings_fat() -> None:
    young, old = scans(35, "F"), scans(80, "F")
    for name in ("erector_spinae", "multifidus"):
        assert np.mean([p.truth.muscles[name].fat for p in old]) > np.mean([p.truth.muscles[name].fat for p in young])
    fat = {name: np.mean([p.truth.muscles[name].fat for p in old]) for name in ("psoas", "multifidus")}
    assert fat["multifidus"] > fat["psoas"]
    assert set(young[0].truth.muscles) <= set(LABELS)
