import numpy as np
import pytest

from training.evaluation.concordance import harrell_c
from training.evaluation.kaplan_meier import kaplan_meier
from training.outcomes.survival import Censoring, Weibull, draw_survival, mean_risk

FOREVER = Censoring(longest=1e9)


def test_times_follow_the_baseline() -> None:
    baseline = Weibull(scale=0.2, shape=0.6)
    drawn = draw_survival(
        np.zeros(40_000), np.random.default_rng(0), baseline=baseline, frailty_sd=0, censoring=FOREVER
    )  # fmt: skip
    assert drawn.event.all()
    for year in (1.0, 3.0, 10.0):
        assert np.mean(drawn.time <= year) == pytest.approx(-np.expm1(-0.2 * year**0.6), abs=0.01)
        assert drawn.risk_at(year) == pytest.approx(-np.expm1(-0.2 * year**0.6))


def test_the_inverse_of_the_cumulative_hazard() -> None:
    baseline = Weibull(scale=0.3, shape=1.7)
    assert baseline.time(baseline.cumulative([0.0, 0.5, 4.0])) == pytest.approx([0, 0.5, 4])


@pytest.mark.parametrize("sd", [0.0, 0.6, 1.5])
def test_the_oracles_risk_is_the_share_that_dies(sd: float) -> None:
    lp = np.full(40_000, 0.4)
    drawn = draw_survival(
        lp, np.random.default_rng(1), baseline=Weibull(scale=0.1), frailty_sd=sd, censoring=FOREVER
    )  # fmt: skip
    assert np.mean(drawn.time <= 3) == pytest.approx(drawn.risk_at(3)[0], abs=0.01)


def test_mean_risk_against_a_fine_sum() -> None:
    w = np.linspace(-9, 9, 200_001)
    density = np.exp(-(w**2) / 2) / np.exp(-(w**2) / 2).sum()
    for hazard in (0.01, 0.3, 4.0):
        fine = float(-np.expm1(-hazard * np.exp(1.2 * w)) @ density)
        assert float(mean_risk(hazard, 1.2)) == pytest.approx(fine, abs=1e-6)


def test_a_baseline_through_a_populations_risks() -> None:
    wanted = {1.0: 0.085, 3.0: 0.153, 5.0: 0.201}
    baseline = Weibull.through(wanted, sd=1.4)
    assert mean_risk(baseline.cumulative(list(wanted)), 1.4) == pytest.approx(list(wanted.values()), abs=0.003)
    alone = Weibull.through(wanted, sd=0)  # the fit to Nor-SSc that the specification quotes
    assert (alone.scale, alone.shape) == pytest.approx((0.0889, 0.575), rel=0.02)
    assert baseline.shape > alone.shape


def test_concordance_is_that_of_the_specifications_table() -> None:
    """SD(lp) 1.0: C .725 without frailty, .681 with frailty of SD 1 (uncensored simulation)."""
    rng = np.random.default_rng(2)
    lp = rng.normal(0, 1, 20_000)
    for frailty, wanted in ((0.0, 0.725), (1.0, 0.681)):
        drawn = draw_survival(lp, rng, baseline=Weibull(scale=0.1), frailty_sd=frailty, censoring=FOREVER)
        assert harrell_c(drawn.time, drawn.event, drawn.lp).c == pytest.approx(wanted, abs=0.01)


def test_censoring_ends_follow_up_and_does_not_bias() -> None:
    lp = np.random.default_rng(3).normal(0, 1, 30_000)
    censoring = Censoring(longest=6, accrual=4, lost_per_year=0.1)
    drawn = draw_survival(
        lp, np.random.default_rng(4), baseline=Weibull(scale=0.1), frailty_sd=0.5, censoring=censoring
    )  # fmt: skip
    assert drawn.time.max() <= 6
    assert 0.05 < drawn.event.mean() < 0.5
    assert np.mean(drawn.time < 2) > np.mean(drawn.event & (drawn.time < 2))  # some are lost before the study ends
    curve = kaplan_meier(drawn.time, drawn.event)
    assert 1 - curve.at(4.0) == pytest.approx(drawn.risk_at(4).mean(), abs=0.01)


def test_an_end_without_accrual_is_the_same_for_all() -> None:
    ends = Censoring(longest=5).draw(10, np.random.default_rng(0))
    assert (ends == 5).all()


def test_the_same_seed_draws_the_same() -> None:
    lp = np.linspace(-1, 1, 50)
    first, second = (
        draw_survival(lp, np.random.default_rng(7), baseline=Weibull(scale=0.1), frailty_sd=1, censoring=FOREVER)
        for _ in range(2)
    )
    assert np.array_equal(first.time, second.time)


@pytest.mark.parametrize("make", [
    lambda: Weibull(scale=0), lambda: Weibull(scale=1, shape=-1), lambda: Censoring(longest=0),
    lambda: Censoring(longest=2, accrual=3), lambda: Censoring(longest=2, lost_per_year=-1),
    lambda: Weibull.through({1: 0.1}, sd=1), lambda: Weibull.through({1: 0.1, 2: 1.0}, sd=1),
    lambda: draw_survival([np.nan], np.random.default_rng(0), baseline=Weibull(scale=1), frailty_sd=0,
                          censoring=FOREVER),
    lambda: draw_survival([0.0], np.random.default_rng(0), baseline=Weibull(scale=1), frailty_sd=-1,
                          censoring=FOREVER),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=r"must|need"):
        make()
