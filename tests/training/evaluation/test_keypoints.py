import numpy as np
import pytest

from training.evaluation.keypoints import (
    average_precision,
    judge,
    radial_errors,
    scale_squared,
    shifted,
    similarity,
)

# straight down, 10 pixels apart: box 0 x 40, padded by 5 on each side
STRAIGHT = np.array([[[50.0, 10.0 * k] for k in range(1, 6)]])
AREA = 10.0 * 50.0


def test_the_scale_is_the_padded_box() -> None:
    assert scale_squared(STRAIGHT) == pytest.approx([AREA])


def test_similarity_by_hand() -> None:
    assert similarity(STRAIGHT, STRAIGHT) == pytest.approx([1.0])
    off = STRAIGHT + np.array([2.0, 0.0])
    assert similarity(off, STRAIGHT) == pytest.approx([np.exp(-4 / (2 * AREA * 0.01))])
    one = STRAIGHT.copy()
    one[0, 2, 1] += 3.0
    assert similarity(one, STRAIGHT) == pytest.approx([(4 + np.exp(-9 / 10.0)) / 5])
    assert similarity(one, STRAIGHT, k=0.2) == pytest.approx([(4 + np.exp(-9 / 40.0)) / 5])
    assert similarity(np.full_like(STRAIGHT, np.nan), STRAIGHT) == pytest.approx([0.0])


def test_average_precision_by_hand() -> None:
    # 1.0 reaches ten thresholds, 0.95 ten (not below), 0.72 five, 0.2 none
    assert average_precision(np.array([1.0])) == 1.0
    assert average_precision(np.array([0.95])) == 1.0
    assert average_precision(np.array([0.72])) == pytest.approx(0.5)
    assert average_precision(np.array([1.0, 0.72, 0.2])) == pytest.approx((1 + 0.5 + 0) / 3)


def test_distances_are_in_millimetres() -> None:
    found = np.concatenate([STRAIGHT + np.array([3.0, 4.0]), STRAIGHT])
    errors = radial_errors(found, np.concatenate([STRAIGHT, STRAIGHT]), [0.5, 0.5])
    np.testing.assert_allclose(errors, [[2.5] * 5, [0.0] * 5])


def test_a_shift_by_one_level_is_seen_both_ways_and_a_small_one_is_none() -> None:
    step = np.array([0.0, 10.0])
    for moved, expected in ((STRAIGHT + step, True), (STRAIGHT - step, True), (STRAIGHT + 0.4 * step, False)):
        assert shifted(moved, STRAIGHT).tolist() == [expected]
    assert shifted(STRAIGHT + np.array([9.0, 0.0]), STRAIGHT).tolist() == [False]  # aside is no level
    one = STRAIGHT.copy()
    one[0, 4] += step  # a single point off by a level
    assert shifted(one, STRAIGHT).tolist() == [False]
    assert shifted(np.full_like(STRAIGHT, np.nan), STRAIGHT).tolist() == [False]


def test_a_report_by_hand() -> None:
    truth = np.repeat(STRAIGHT, 4, axis=0)
    found = truth.copy()
    found[1] += [4.0, 0.0]  # 4 pixels of 1.5 mm: 6 mm
    found[2] += [0.0, 10.0]  # a level
    found[3] = np.nan
    report = judge(found, truth, np.full(4, 1.5), np.arange(4))
    # similarities: 1, exp(-1.6) = 0.202, exp(-10), 0
    assert report["oks_ap"].value == pytest.approx(0.25)
    assert report["mean_error_mm"].value == pytest.approx((0 + 6 + 15) / 3)
    assert report["median_error_mm"].value == pytest.approx(6)
    assert report["pck_5mm"].value == pytest.approx(0.25)
    assert report["level_shift_rate"].value == pytest.approx(1 / 3)
    assert report["refused"].value == pytest.approx(0.25)
    for interval in report.values():
        assert interval.low <= interval.value <= interval.high


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="must be"):
        similarity(STRAIGHT[:, :4], STRAIGHT)
    with pytest.raises(ValueError, match="finite"):
        similarity(STRAIGHT, np.full_like(STRAIGHT, np.nan))
    with pytest.raises(ValueError, match="refused"):
        judge(np.full_like(STRAIGHT, np.nan), STRAIGHT, [1.0], [0])
