import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.conformal import Intervals, fit_intervals

MADE = Intervals(edges=(10.0, 20.0), below=(-1.0, -2.0, -4.0), above=(1.0, 3.0, 5.0), least=0.0, most=30.0)


def test_each_prediction_takes_the_offsets_of_its_group() -> None:
    low, high = MADE.around([5.0, 10.0, 19.0, 20.0])
    np.testing.assert_allclose(low, [4, 8, 17, 16])
    np.testing.assert_allclose(high, [6, 13, 22, 25])


def test_ends_stay_within_what_can_be() -> None:
    low, high = MADE.around([0.5, 29.0])
    np.testing.assert_allclose(low, [0, 25])
    np.testing.assert_allclose(high, [1.5, 30])


def test_the_configuration_brings_it_back() -> None:
    assert Intervals.from_json(MADE.as_json()) == MADE


@pytest.mark.parametrize("wrong", [
    {"below": [-1, -2]}, {"edges": [20, 10]}, {"above": [1, 3, float("nan")]}, {"least": 30}, {"below": [2, -2, -4]},
])  # fmt: skip
def test_nonsense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must|groups"):
        Intervals.from_json(MADE.as_json() | wrong)


@given(st.integers(0, 2**32 - 1))
def test_new_cases_are_covered_as_often_as_promised(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        predicted = rng.uniform(0, 100, n)
        # skewed, and wider in the upper group
        return predicted, predicted + rng.gumbel(0, np.where(predicted > 50, 8.0, 2.0))

    made = fit_intervals(*draw(2000), edges=(50.0,), coverage=0.8, least=-1000, most=1000)
    predicted, true = draw(4000)
    low, high = made.around(predicted)
    inside = (low <= true) & (true <= high)
    for group in (predicted > 50, predicted <= 50):
        assert 0.73 < inside[group].mean() < 0.87
    assert (high - low)[predicted > 50].mean() > 2 * (high - low)[predicted <= 50].mean()


def test_the_ranks_are_those_of_the_finite_sample() -> None:
    true = np.arange(1.0, 20.0)  # 19 residuals of 1 to 19: ceil(20 * 0.9) = the 18th
    made = fit_intervals(np.zeros(19), true, edges=(), coverage=0.8, least=0, most=100)
    assert (made.below, made.above) == ((2.0,), (18.0,))


def test_a_small_group_takes_the_offsets_of_all() -> None:
    predicted = np.array([0.0] * 30 + [100.0] * 3)
    true = predicted + np.tile([-1.0, 0.0, 1.0], 11)
    made = fit_intervals(predicted, true, edges=(50.0,), coverage=0.8, least=-10, most=200)
    assert made.below == (-1.0, -1.0)
    assert made.above == (1.0, 1.0)


def test_too_few_cases_and_impossible_coverage_are_refused() -> None:
    with pytest.raises(ValueError, match="8 cases are too few"):
        fit_intervals(np.zeros(8), np.zeros(8), edges=(), coverage=0.8, least=0, most=1)
    with pytest.raises(ValueError, match="coverage"):
        fit_intervals(np.zeros(8), np.zeros(8), edges=(), coverage=1.0, least=0, most=1)
