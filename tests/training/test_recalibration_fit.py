import numpy as np
import pytest

from screening.errors import ConfigurationError
from tests.training.reporting.cohorts import make
from training.evaluation.calibration import calibration_line
from training.evaluation.calibration_at import calibration_at
from training.evaluation.scored import ScoredCohort
from training.recalibration_fit import (
    METHODS,
    Target,
    agreement,
    binary_target,
    cross_fitted,
    enough,
    fit,
    horizon_target,
    number_target,
)

RNG = np.random.default_rng(0)
X = RNG.normal(-1, 1, 3000)
TRUE = (RNG.random(3000) < 1 / (1 + np.exp(-(0.7 + 1.5 * X)))).astype(float)
TARGET = Target(
    name="risk", predicted=1 / (1 + np.exp(-X)), true=TRUE, weight=np.ones(3000),
    patients=tuple(f"P{k // 2}" for k in range(3000)), probability=True,
)  # fmt: skip


def test_the_intercept_alone_mends_the_mean() -> None:
    one = fit(TARGET, "intercept")
    assert one.slope == 1
    assert calibration_line(one(TARGET.predicted), TRUE).in_the_large == pytest.approx(0, abs=1e-6)
    assert one(TARGET.predicted).mean() == pytest.approx(TRUE.mean(), abs=1e-6)


def test_intercept_and_slope_find_what_was_planted() -> None:
    one = fit(TARGET, "intercept+slope")
    assert one.intercept == pytest.approx(0.7, abs=0.15)
    assert one.slope == pytest.approx(1.5, abs=0.15)


def test_isotonic_is_calibrated_and_never_certain() -> None:
    one = fit(TARGET, "isotonic")
    assert one(TARGET.predicted).mean() == pytest.approx(TRUE.mean(), abs=1e-3)
    assert min(one.y) > 0
    assert max(one.y) < 1
    assert len(one.x) < 400


@pytest.mark.parametrize("method", METHODS)
def test_every_method_brings_the_brier_score_down(method: str) -> None:
    crossed = cross_fitted(TARGET, method)
    assert crossed is not None
    assert agreement(TARGET, crossed)["brier"] < agreement(TARGET, TARGET.predicted)["brier"]


def test_cross_fitting_is_by_patient() -> None:
    four = TARGET.take(np.arange(3000) < 8)
    assert len(set(four.patients)) == 4
    assert cross_fitted(four, "intercept") is None


def test_censored_risks_weigh_as_in_the_evaluation() -> None:
    cohort = make("ssc_ild_mortality_ct")
    target = horizon_target(cohort, "risk_3", 3.0)
    t, e = cohort.values["time"], cohort.values["event"]
    assert target.true.size == int(((t > 3) | ((e == 1) & (t <= 3))).sum())
    line = calibration_at(t, e, cohort.values["risk_3"], 3.0).line
    assert agreement(target, target.predicted)["slope"] == pytest.approx(line.slope, abs=1e-6)
    assert fit(target, "intercept").intercept == pytest.approx(line.in_the_large, abs=1e-6)


def test_a_measured_number() -> None:
    target = number_target(make("pediatric_age_cxr"), "months", "true_months")
    assert target.events is None
    assert agreement(target, fit(target, "intercept")(target.predicted))["bias"] == pytest.approx(0, abs=1e-9)
    for method in METHODS:
        after = agreement(target, fit(target, method)(target.predicted))
        assert after["sd"] <= agreement(target, target.predicted)["sd"] + 1e-9
    assert enough(target) is None


def test_too_few_events_teach_nothing() -> None:
    assert enough(TARGET) is None
    said = enough(TARGET.take(np.cumsum(TRUE) < 20))
    assert said == "19 events or non-events, 20 are needed"


def test_what_cannot_be_mended_is_said() -> None:
    upside_down = binary_target(
        ScoredCohort(model_name="m", name="n", patient_id=np.arange(3000).astype(str),
                     values={"risk": TARGET.predicted, "died": 1 - TRUE}, groups={}), "risk", "died",
    )  # fmt: skip
    with pytest.raises(ConfigurationError, match="may not order"):
        fit(upside_down, "intercept+slope")
    with pytest.raises(ConfigurationError, match="one of intercept"):
        fit(TARGET, "magic")
