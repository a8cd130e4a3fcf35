import json

import numpy as np
import pytest

from models.ssc_ild_mortality_ct.radiomics import (
    BINS,
    RadiomicsModel,
    discretise,
    extent,
    first_order,
    form,
    radiomics,
)

from .ibsi import LEVELS

# The IBSI's reference values for the digital phantom
FIRST = {
    "mean": 2.15, "variance": 3.05, "skewness": 1.08, "kurtosis": -0.355, "median": 1, "minimum": 1,
    "percentile_10": 1, "percentile_90": 4, "maximum": 6, "interquartile_range": 3, "range": 5,
    "mean_absolute_deviation": 1.55, "robust_mean_absolute_deviation": 1.11, "median_absolute_deviation": 1.15,
    "root_mean_square": 2.77, "entropy": 1.27, "uniformity": 0.512,
}  # fmt: skip
FORM = {"volume": 0.592, "major_axis": 11.4, "minor_axis": 9.31, "least_axis": 8.54, "elongation": 0.816,
        "flatness": 0.749}  # fmt: skip


def lung(shape: tuple[int, int, int] = (3, 40, 40)) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    return np.random.default_rng(0).normal(-850, 20, shape).astype(np.float32)


def test_intensities_of_the_digital_phantom() -> None:
    found = first_order(LEVELS[LEVELS > 0].astype(np.float64), 1.0)
    assert set(found) == set(FIRST)
    for name, value in FIRST.items():
        assert found[name] == pytest.approx(value, rel=0.005), name


def test_form_of_the_digital_phantom() -> None:
    found = form(LEVELS > 0, (2.0, 2.0, 2.0))
    for name, value in FORM.items():
        assert found[name] == pytest.approx(value, rel=0.01), name


def test_form_of_a_cuboid() -> None:
    found = form(np.ones((2, 10, 20), bool), (5.0, 2.0, 1.0))
    assert found["volume"] == pytest.approx(10 * 20 * 20 / 1000)
    assert found["surface"] == pytest.approx(2 * (10 * 20 + 10 * 20 + 20 * 20) / 100)
    assert found["height"] == 10


def test_grey_levels_are_of_fixed_width() -> None:
    hu = np.array([[[-2000.0, -1000, -951, -949, 399, 3000]]], np.float32)
    assert discretise(hu, np.ones(hu.shape, bool)).ravel().tolist() == [1, 1, 1, 2, BINS, BINS]
    assert discretise(hu, np.zeros(hu.shape, bool)).sum() == 0


def test_names_do_not_depend_on_the_scan() -> None:
    hu = lung()
    first = radiomics(hu, np.ones(hu.shape, bool), (10.0, 2.0, 2.0))
    second = radiomics(hu[:1, :2, :2], np.ones((1, 2, 2), bool), (1.0, 1.0, 1.0))
    assert list(first) == list(second)
    assert len(first) == 86
    assert np.isfinite(list(second.values())).all()


def test_fibrosis_counts_and_vessels_do_not() -> None:
    hu, inside = lung(), np.ones((3, 40, 40), bool)
    spacing = (10.0, 2.0, 2.0)
    assert extent(hu, inside, spacing) == 0
    hu[:, :20] = -500
    assert extent(hu, inside, spacing) == pytest.approx(0.5)
    vessels = lung()
    vessels[:, ::8, ::8] = 30  # with a rim of partial volume
    vessels[:, 1::8, ::8] = -500
    assert extent(vessels, inside, spacing) == 0


def test_there_must_be_lung() -> None:
    with pytest.raises(ValueError, match="no lung"):
        radiomics(lung(), np.zeros((3, 40, 40), bool), (1.0, 1.0, 1.0))


MODEL = RadiomicsModel(
    names=("a", "b"), mean=np.array([1.0, 0.0]), sd=np.array([2.0, 1.0]),
    coefficients=np.array([[1.0, 0.0], [-1.0, 0.5]]), intercepts=np.array([-2.0, -1.0]),
)  # fmt: skip


def test_years_do_not_fall() -> None:
    logits = MODEL.logits(np.array([[3.0, 0.0], [1.0, 2.0]]))
    assert logits == pytest.approx(np.array([[-1.0, -1.0], [-2.0, 0.0]]))


def test_one_odd_feature_does_not_decide() -> None:
    assert MODEL.logits(np.array([[1e9, 0.0]]))[0, 0] == pytest.approx(2)


def test_it_survives_json() -> None:
    again = RadiomicsModel.from_table(json.loads(json.dumps(MODEL.to_table())))
    table = np.array([[0.3, 0.7]])
    assert again.logits(table) == pytest.approx(MODEL.logits(table))


@pytest.mark.parametrize("table", [{}, MODEL.to_table() | {"sd": [1.0, 0.0]}, MODEL.to_table() | {"names": ["a"]}])
def test_what_is_no_model_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="radiomics model"):
        RadiomicsModel.from_table(table)
