import numpy as np
import pytest

from training.evaluation.lowess import MOST_POINTS, lowess


def test_a_straight_line_is_kept() -> None:
    x = np.random.default_rng(0).random(60)
    assert lowess(x, 2 * x + 1) == pytest.approx(2 * x + 1)


def test_row_order_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.random(80), rng.random(80)
    turned = rng.permutation(80)
    assert lowess(x[turned], y[turned]) == pytest.approx(lowess(x, y)[turned])


def test_one_value_of_x_gives_the_mean() -> None:
    assert lowess([0.3] * 4, [0, 0, 1, 1]) == pytest.approx([0.5] * 4)


def test_the_shortcut_for_many_points_is_close(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    x = rng.random(MOST_POINTS + 300)
    y = (rng.random(x.size) < np.sin(2 * x)).astype(float)
    drawn = lowess(x, y)
    monkeypatch.setattr("training.evaluation.lowess.MOST_POINTS", 10_000)
    assert np.abs(drawn - lowess(x, y)).max() < 5e-4
    assert np.ptp(drawn) > 0.5


def test_fraction_is_checked() -> None:
    with pytest.raises(ValueError, match="fraction"):
        lowess([0.0, 1.0], [0.0, 1.0], 0.0)
