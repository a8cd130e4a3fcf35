import numpy as np
import pytest

from models.recalibration import Recalibration, recalibrations
from screening.errors import WeightsMismatch


def test_log_odds_are_moved() -> None:
    found = Recalibration(method="intercept+slope", intercept=-0.5, slope=2.0)(np.array([0.5, 0.2]))
    x = np.log(0.2 / 0.8)
    np.testing.assert_allclose(found, [1 / (1 + np.exp(0.5)), 1 / (1 + np.exp(0.5 - 2 * x))])
    assert np.isfinite(Recalibration(method="intercept", intercept=1.0)(np.array([0.0, 1.0]))).all()


def test_knots_are_joined_and_flat_outside() -> None:
    one = Recalibration(method="isotonic", x=(0.2, 0.4), y=(0.1, 0.5))
    np.testing.assert_allclose(one(np.array([0.0, 0.3, 0.9])), [0.1, 0.3, 0.5])


def test_a_measured_number_is_moved_in_its_unit() -> None:
    np.testing.assert_allclose(Recalibration(method="linear", intercept=2.0, slope=1.1)([[10.0]]), [[13.0]])


def test_unknown_stays_unknown() -> None:
    assert np.isnan(Recalibration(method="intercept", intercept=1.0)(np.array([np.nan]))).all()


@pytest.mark.parametrize(
    "one",
    [Recalibration(method="intercept", intercept=0.3), Recalibration(method="isotonic", x=(0.1, 0.2), y=(0.1, 0.1))],
)
def test_it_comes_back_from_the_configuration(one: Recalibration) -> None:
    assert recalibrations({"calibration": {"recalibration": {"risk": one.plain}}}) == {"risk": one}


def test_without_a_section_nothing_changes() -> None:
    assert recalibrations({}) == {}
    assert recalibrations({"calibration": {"platt": {}}}) == {}


@pytest.mark.parametrize(
    "section",
    [
        3, {"risk": 3}, {"risk": {"method": "magic"}}, {"risk": {"method": "intercept", "intercept": 1}},
        {"risk": {"method": "intercept", "intercept": float("nan"), "slope": 1}},
        {"risk": {"method": "intercept+slope", "intercept": 0, "slope": -1}},
        {"risk": {"method": "isotonic", "x": [0.2, 0.1], "y": [0, 1]}},
        {"risk": {"method": "isotonic", "x": [0.1, 0.2], "y": [1, 0]}},
        {"risk": {"method": "isotonic", "x": [], "y": []}},
    ],
)  # fmt: skip
def test_a_malformed_section_is_refused(section: object) -> None:
    with pytest.raises(WeightsMismatch, match=r"calibration\.recalibration"):
        recalibrations({"calibration": {"recalibration": section}})
