import numpy as np
import pytest

from training.evaluation.interval import Floats
from training.fitting.ssc_ild_radiomics import cross_entropy, fit_radiomics


def made(count: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Three features, of which the first tells the risk of two years and the third never differs."""
    rng = np.random.default_rng(seed)
    table = np.c_[rng.normal(5, 2, count), rng.normal(0, 1, count), np.full(count, 7.0)]
    logits = np.c_[table[:, 0] - 6, table[:, 0] - 5]
    target = (rng.random((count, 2)) < 1 / (1 + np.exp(-logits))).astype(np.float64)
    return table, target, np.ones((count, 2))


def test_the_true_coefficients_are_found() -> None:
    model = fit_radiomics(("a", "b", "c"), made(6000, 0), made(3000, 1))
    assert model.coefficients[:, 0] / model.sd[0] == pytest.approx([1, 1], abs=0.1)
    assert model.coefficients[:, 1] == pytest.approx([0, 0], abs=0.1)
    assert model.coefficients[:, 2] == pytest.approx([0, 0], abs=1e-6)
    assert (np.diff(model.logits(made(100, 2)[0]), axis=1) >= 0).all()


def test_weights_count() -> None:
    table, target, weight = made(2000, 0)
    wrong = target.copy()
    wrong[1000:] = 1 - wrong[1000:]
    weight[1000:] = 0
    model = fit_radiomics(("a", "b", "c"), (table, wrong, weight), made(500, 1))
    assert model.coefficients[0, 0] > 1


def test_noise_is_penalised_more() -> None:
    rng = np.random.default_rng(3)
    table, idle = rng.normal(0, 1, (80, 40)), np.ones((80, 1))
    outcome = (rng.random((80, 1)) < 0.3).astype(np.float64)
    names = tuple(f"f{k}" for k in range(40))
    model = fit_radiomics(names, (table, outcome, idle), (rng.normal(0, 1, (80, 40)), outcome[::-1], idle))
    assert np.abs(model.coefficients).max() < 0.1


def test_cross_entropy_by_hand() -> None:
    logits, target = np.array([[0.0, 100.0]]), np.array([[1.0, 1.0]])
    assert cross_entropy(logits, target, np.array([[1.0, 1.0]])) == pytest.approx(np.log(2) / 2)


def test_arrays_must_belong_together() -> None:
    with pytest.raises(ValueError, match="cannot fit"):
        fit_radiomics(("a",), made(10, 0), made(10, 1))
