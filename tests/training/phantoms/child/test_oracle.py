import numpy as np
import pytest

from training.phantoms.child import oracle
from training.phantoms.child.growth import ADULT, Sex, maturity_sd, stature_median


def test_the_best_reader_errs_by_about_five_months() -> None:
    assert 4.3 <= oracle.expected_error(3000) <= 5.5


def test_the_other_hospital_is_harder() -> None:
    assert oracle.expected_error(3000, drift=-0.4) > oracle.expected_error(3000)


def cohort(n: int, seed: int = 5) -> list[tuple[float, float, float, Sex]]:
    """Age, skeletal age, stature, sex."""
    rng = np.random.default_rng(seed)
    people: list[tuple[float, float, float, Sex]] = []
    for k in range(n):
        sex: Sex = "M" if k % 2 else "F"
        months = oracle.draw_age(rng)
        people.append((months, *oracle.draw_growth(rng, months, sex), sex))
    return people


def test_no_simpler_reader_is_better() -> None:
    people = cohort(1500)
    truth = np.array([p[0] for p in people])
    best = np.abs(truth - [oracle.best_estimate(m, h, s) for _, m, h, s in people]).mean()
    grid = np.arange(0, ADULT)
    heights = {s: np.array([stature_median(a, s) for a in grid]) for s in ("M", "F")}
    by_bones = np.abs(truth - np.clip([p[1] for p in people], 0, ADULT)).mean()
    by_height = np.abs(truth - [grid[np.abs(heights[s] - h).argmin()] for _, _, h, s in people]).mean()
    blind = np.abs(truth - np.median(truth)).mean()
    assert best < 0.9 * min(by_bones, by_height)
    assert best < 0.12 * blind


def test_the_posterior_is_a_distribution_and_calibrated() -> None:
    people = cohort(1200)
    ranks = []
    for months, maturity, stature, sex in people:
        ages, weight = oracle.posterior(maturity, stature, sex)
        assert weight.sum() == pytest.approx(1)
        ranks.append(weight[ages < months].sum())
    inside = np.mean((np.array(ranks) > 0.1) & (np.array(ranks) < 0.9))
    assert inside == pytest.approx(0.8, abs=0.04)


def test_growth_is_drawn_about_its_medians() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([oracle.draw_growth(rng, 120, "F") for _ in range(4000)])
    assert drawn[:, 0].mean() == pytest.approx(120, abs=0.6)
    assert drawn[:, 0].std() == pytest.approx(maturity_sd(120), rel=0.05)
    assert drawn[:, 1].mean() == pytest.approx(stature_median(120, "F"), abs=0.4)
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.05
    newborn = [oracle.draw_growth(rng, 0, "M")[0] for _ in range(20)]
    assert max(newborn) == 0


def test_ages_fill_childhood_with_more_of_the_small() -> None:
    rng = np.random.default_rng(1)
    ages = np.array([oracle.draw_age(rng) for _ in range(4000)])
    assert 0 <= ages.min() < 2
    assert ADULT - 3 < ages.max() <= ADULT
    assert 60 < np.median(ages) < 90
