import json

import numpy as np
import pytest

from models.calibration_by_year import YearlyCalibration

HALVED = ((0.0, 1.0), (0.0, 0.5))
SAME = ((0.0, 1.0), (0.0, 1.0))


def test_each_year_has_its_map() -> None:
    calibration = YearlyCalibration(maps=(HALVED, SAME))
    assert calibration([[0.2, 0.3], [0.4, 1.0]]) == pytest.approx(np.array([[0.1, 0.3], [0.2, 1.0]]))


def test_a_year_never_falls_below_the_one_before() -> None:
    calibration = YearlyCalibration(maps=(SAME, HALVED))
    assert calibration([[0.4, 0.6]]) == pytest.approx(np.array([[0.4, 0.4]]))


def test_outside_the_knots_it_is_flat() -> None:
    calibration = YearlyCalibration(maps=(((0.2, 0.4), (0.1, 0.3)),))
    assert calibration([[0.0], [0.3], [0.9]]) == pytest.approx(np.array([[0.1], [0.2], [0.3]]))


def test_it_survives_json() -> None:
    calibration = YearlyCalibration(maps=(HALVED, SAME))
    assert YearlyCalibration.from_table(json.loads(json.dumps(calibration.to_table()))) == calibration


@pytest.mark.parametrize("maps", [
    (((), ()),), (((0.0, 0.0), (0.0, 1.0)),), (((0.0, 1.0), (0.5, 0.4)),), (((0.0, 1.0), (0.0, 1.5)),),
    (((0.0, 1.0), (0.0,)),), (((0.0, float("nan")), (0.0, 1.0)),),
])  # fmt: skip
def test_what_is_no_map_is_refused(maps: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]) -> None:
    with pytest.raises(ValueError, match="the map of year 1"):
        YearlyCalibration(maps=maps)


@pytest.mark.parametrize("table", [{}, [1], [{"x": [0]}], [{"x": 1, "y": 2}], [{"x": ["a"], "y": [1]}]])
def test_what_is_no_table_is_refused(table: object) -> None:
    with pytest.raises(ValueError, match=r"must be a list|lists x and y|could not convert"):
        YearlyCalibration.from_table(table)


def test_another_number_of_years_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be \(N, 1\)"):
        YearlyCalibration(maps=(SAME,))([[0.1, 0.2]])
