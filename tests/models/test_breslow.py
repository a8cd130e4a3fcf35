import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.breslow import Baseline


def by_hand() -> Baseline:
    """Times 1, 2, 2, 3, 4; events at 1, 2, 2 and 4; log-hazards 0, ln 2, 0, ln 3, ln 4, so weights 1, 2, 1, 3, 4."""
    return Baseline.fit(
        np.array([3.0, 1.0, 2.0, 4.0, 2.0]),
        np.array([False, True, True, True, True]),
        np.log(np.array([3.0, 1.0, 2.0, 4.0, 1.0])),
    )


def test_breslow_by_hand() -> None:
    # at 1 all are at risk: 1/11; at 2 all but the first, two events: 2/10; at 4 the last alone: 1/4
    found = by_hand()
    assert found.times == (1.0, 2.0, 4.0)
    assert found.cumulative_hazard == pytest.approx((1 / 11, 1 / 11 + 1 / 5, 1 / 11 + 1 / 5 + 1 / 4))
    assert found.follow_up == 4.0


def test_risk_by_hand() -> None:
    found = by_hand()
    hazard = 1 / 11 + 1 / 5
    assert found.risk(0.0, (0.5, 1.0, 2.0, 3.9)) == pytest.approx(
        (0.0, 1 - math.exp(-1 / 11), 1 - math.exp(-hazard), 1 - math.exp(-hazard))
    )
    assert found.risk(math.log(2), (2.0,)) == pytest.approx((1 - math.exp(-2 * hazard),))


def test_without_covariates_it_is_nelson_and_aalen() -> None:
    rng = np.random.default_rng(0)
    time, event = rng.exponential(1, 50), rng.random(50) < 0.6
    found = Baseline.fit(time, event, np.zeros(50))
    order = np.argsort(time)
    steps = event[order] / (50 - np.arange(50))
    assert found.cumulative_hazard == pytest.approx(tuple(np.cumsum(steps)[event[order]]))


def test_a_shift_of_the_log_hazard_changes_no_risk() -> None:
    rng = np.random.default_rng(1)
    time, event, score = rng.exponential(1, 60), rng.random(60) < 0.5, rng.normal(0, 1, 60)
    horizon = (float(np.median(time)),)
    one = Baseline.fit(time, event, score).risk(0.3, horizon)
    other = Baseline.fit(time, event, score + 5).risk(5.3, horizon)
    assert one == pytest.approx(other)


def test_it_finds_the_hazard_it_was_drawn_from() -> None:
    rng = np.random.default_rng(2)
    score = rng.normal(0, 1, 20_000)
    time = rng.exponential(1 / (0.1 * np.exp(score)))
    censored = rng.uniform(0, 8, 20_000)
    found = Baseline.fit(np.minimum(time, censored), time <= censored, score)
    assert [found.at(years) for years in (1.0, 3.0, 5.0)] == pytest.approx([0.1, 0.3, 0.5], rel=0.05)


@given(st.floats(-60, 60), st.lists(st.floats(0, 4), min_size=2, max_size=5).map(sorted))
def test_risk_never_falls_with_time(log_hazard: float, horizons: list[float]) -> None:
    risks = by_hand().risk(log_hazard, horizons)
    assert all(0 <= risk <= 1 for risk in risks)
    assert list(risks) == sorted(risks)


def test_an_absurd_log_hazard_is_certain_death_and_no_overflow() -> None:
    assert by_hand().risk(1e6, (0.5, 1.0)) == (0.0, 1.0)


@pytest.mark.parametrize("horizon", [-0.1, 4.1, math.nan, math.inf])
def test_nothing_is_known_beyond_the_follow_up(horizon: float) -> None:
    with pytest.raises(ValueError, match="horizon"):
        by_hand().at(horizon)


def test_a_cohort_without_events_has_no_risk() -> None:
    found = Baseline.fit(np.array([1.0, 2.0]), np.array([False, False]), np.zeros(2))
    assert found.risk(0.0, (2.0,)) == (0.0,)


def test_the_table_comes_back_from_json() -> None:
    found = by_hand()
    assert Baseline.from_table(json.loads(json.dumps(found.to_table()))) == found


@pytest.mark.parametrize(
    "change",
    [
        {"times": [1.0, 1.0, 4.0]},
        {"times": [-1.0, 2.0, 4.0]},
        {"cumulative_hazard": [0.1, 0.3]},
        {"cumulative_hazard": [0.3, 0.1, 0.4]},
        {"cumulative_hazard": [-0.3, 0.1, 0.4]},
        {"cumulative_hazard": [0.1, 0.2, math.nan]},
        {"cumulative_hazard": ["0.1", 0.2, 0.3]},
        {"follow_up": 3.0},
        {"follow_up": None},
        {"times": None},
    ],
)
def test_a_table_that_is_none_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"times|hazard|follow"):
        Baseline.from_table(by_hand().to_table() | change)


@pytest.mark.parametrize(
    ("time", "event", "score"),
    [
        ([], [], []),
        ([1.0, 2.0], [True], [0.0, 0.0]),
        ([1.0, math.nan], [True, True], [0.0, 0.0]),
        ([1.0, 2.0], [True, True], [0.0, math.inf]),
    ],
)
def test_a_cohort_that_is_none_is_refused(time: list[float], event: list[bool], score: list[float]) -> None:
    with pytest.raises(ValueError, match="time"):
        Baseline.fit(np.array(time), np.array(event, bool), np.array(score))
