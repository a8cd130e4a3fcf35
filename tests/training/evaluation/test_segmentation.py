"""Dice against masks whose overlap is known, and means over patients."""

import numpy as np
import pytest

from training.evaluation.segmentation import dice, dice_by_class, mean_over_patients


def test_dice_of_known_overlap() -> None:
    assert dice([1, 1, 1, 0], [0, 1, 1, 1]) == pytest.approx(2 * 2 / 6)
    assert dice([1, 1], [1, 1]) == 1
    assert dice([1, 0], [0, 1]) == 0
    assert np.isnan(dice([0, 0], [0, 0]))


def test_dice_by_class_is_dice_of_each_mask() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 4, (2, 6, 7, 8))
    found = dice_by_class(a, b, {"one": 1, "three": 3, "nine": 9})
    assert found["one"] == pytest.approx(dice(a == 1, b == 1))
    assert found["three"] == pytest.approx(dice(a == 3, b == 3))
    assert np.isnan(found["nine"])


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="shape"):
        dice([1, 0], [1, 0, 0])
    with pytest.raises(ValueError, match="shape"):
        dice_by_class([1, 0], [1, 0, 0], {"one": 1})


def test_mean_over_patients_leaves_out_what_is_not_known() -> None:
    rows = [{"a": float(k), "b": float("nan") if k else 5.0, "c": float("nan")} for k in range(20)]
    found = mean_over_patients(rows, draws=200)
    assert set(found) == {"a", "b"}
    assert found["a"].value == pytest.approx(9.5)
    assert 5 < found["a"].low < 9.5 < found["a"].high < 14
    assert found["b"].value == found["b"].low == found["b"].high == 5
    with pytest.raises(ValueError, match="no patients"):
        mean_over_patients([])
