import numpy as np
import pytest

from training.evaluation.bootstrap import bootstrap
from training.evaluation.discrimination import auc
from training.evaluation.interval import Ints


def test_interval_of_a_mean_is_two_standard_errors() -> None:
    x = np.random.default_rng(0).normal(size=400)
    draws = bootstrap(lambda rows: [float(x[rows].mean())], np.arange(400), draws=2000, seed=1)
    interval = draws.interval()
    assert interval.value == x.mean()
    assert (interval.high - interval.low) / 2 == pytest.approx(1.96 * x.std() / 20, rel=0.08)


def test_patients_are_drawn_whole() -> None:
    patients = ["b", "a", "b", "c", "c", "c"]
    seen: list[list[int]] = []

    def keep(rows: Ints) -> list[float]:
        seen.append(sorted(int(row) for row in rows))
        return [0.0]

    bootstrap(keep, patients, draws=50)
    for rows in seen:
        times = [rows.count(row) for row in range(6)]
        assert times[0] == times[2]
        assert times[3] == times[4] == times[5]
        assert times[0] + times[1] + times[3] == 3  # as many patients as there are


def test_copies_of_a_patient_do_not_narrow_the_interval() -> None:
    x = np.repeat(np.random.default_rng(2).normal(size=50), 8)
    by_patient = bootstrap(lambda rows: [float(x[rows].mean())], np.arange(400) // 8, draws=800).interval()
    by_row = bootstrap(lambda rows: [float(x[rows].mean())], np.arange(400), draws=800).interval()
    assert by_patient.high - by_patient.low > 2 * (by_row.high - by_row.low)


def test_differences_are_paired() -> None:
    rng = np.random.default_rng(3)
    event = rng.random(300) < 0.3
    first = rng.normal(size=300) + event
    second = first + 0.05 * rng.normal(size=300)
    draws = bootstrap(lambda rows: [auc(first[rows], event[rows]), auc(second[rows], event[rows])], np.arange(300),
                      draws=500)  # fmt: skip
    difference, alone = draws.difference(0, 1), draws.interval(0)
    assert difference.value == pytest.approx(auc(first, event) - auc(second, event))
    assert difference.high - difference.low < 0.2 * (alone.high - alone.low)
    assert 0 < draws.p(0, 1) <= 1


def test_p_is_small_for_a_sure_difference_and_one_for_none() -> None:
    x = np.random.default_rng(4).normal(size=100)
    draws = bootstrap(lambda rows: [float(x[rows].mean()), float(x[rows].mean()) + 1, float(x[rows].mean())],
                      np.arange(100), draws=199)  # fmt: skip
    assert draws.p(0, 1) == pytest.approx(2 / 200)
    assert draws.p(0, 2) == 1.0


def test_failed_draws_are_counted() -> None:
    event = np.arange(12) < 2
    score = np.arange(12.0)
    draws = bootstrap(lambda rows: [auc(score[rows], event[rows])], np.arange(12), draws=300)
    assert 10 <= draws.failed <= 70  # (10/12)^12 = 11 % of draws have no event
    assert len(draws.drawn) + draws.failed == 300


def test_a_statistic_that_mostly_fails_is_refused() -> None:
    event = np.arange(100) < 1

    def rarely(rows: Ints) -> list[float]:
        if event[rows].sum() != 1 or (np.diff(rows) != 1).any():
            raise ValueError("no")
        return [1.0]

    with pytest.raises(ValueError, match="20 of 20"):
        bootstrap(rarely, np.arange(100), draws=20)
    with pytest.raises(ValueError, match="not finite"):
        bootstrap(lambda _: [float("nan")], np.arange(5), draws=5)


def test_the_seed_decides() -> None:
    x = np.random.default_rng(5).normal(size=40)
    one, same, other = (bootstrap(lambda rows: [float(x[rows].mean())], np.arange(40), draws=50, seed=seed).interval()
                        for seed in (1, 1, 2))  # fmt: skip
    assert one == same != other
