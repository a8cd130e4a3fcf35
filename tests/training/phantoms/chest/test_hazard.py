import numpy as np
import pytest

from training.evaluation.discrimination import auc
from training.phantoms.chest.disease import Truth
from training.phantoms.chest.hazard import FRAILTY_SD, draw_outcome, linear_predictor, risk_of
from training.phantoms.chest.phantom import make_phantom


def truth(right: float, left: float, effusion: float = 0.0) -> Truth:
    zones = (right, right, right, left, left, left)
    return Truth(extent_right=right, extent_left=left, zones=zones, effusion_right=effusion, effusion_left=0.0)


def test_more_disease_more_age_more_risk() -> None:
    base = linear_predictor(truth(0.1, 0.0), 60)
    assert linear_predictor(truth(0.2, 0.0), 60) > base
    assert linear_predictor(truth(0.1, 0.0, 0.5), 60) > base
    assert linear_predictor(truth(0.1, 0.0), 80) > base
    assert linear_predictor(truth(0.05, 0.05), 60) > base  # the same extent on both sides


def test_risk_is_the_mean_over_frailty() -> None:
    hazards = np.exp(-2.0 + FRAILTY_SD * np.random.default_rng(0).standard_normal(400_000))
    assert risk_of(-2.0) == pytest.approx(float(np.mean(1 - np.exp(-hazards))), abs=1e-3)


def test_deaths_occur_as_often_as_the_risk_says() -> None:
    rng = np.random.default_rng(0)
    sick = truth(0.3, 0.2, 0.3)
    fates = [draw_outcome(sick, 75, rng) for _ in range(4000)]
    assert np.mean([f.died for f in fates]) == pytest.approx(fates[0].risk, abs=0.025)


@pytest.mark.slow
def test_the_population_dies_as_often_as_published_and_the_oracle_is_good_not_perfect() -> None:
    people = [make_phantom(seed, longest_side=64) for seed in range(700_000, 700_500)]
    risk = np.array([p.outcome.risk for p in people])
    assert 0.08 <= risk.mean() <= 0.15
    rng = np.random.default_rng(0)
    oracle = [auc([p.outcome.lp for p in people], [draw_outcome(p.truth, p.age, rng).died for p in people])
              for _ in range(20)]  # fmt: skip
    assert 0.80 <= float(np.mean(oracle)) <= 0.87


def test_what_is_no_cause_does_not_predict() -> None:
    people = [make_phantom(seed, longest_side=64) for seed in range(710_000, 710_150)]
    risk = np.array([p.outcome.risk for p in people])
    causes = {
        "seed": [p.seed for p in people],
        "sex": [p.sex == "M" for p in people],
        "stomach gas": [p.anatomy.stomach for p in people],
    }
    for name, values in causes.items():
        assert abs(np.corrcoef(np.asarray(values, float), risk)[0, 1]) < 0.25, name
