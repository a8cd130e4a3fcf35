from pathlib import Path

import numpy as np
import pytest

from training.cohorts.lumbar import SPLIT_SEEDS, LumbarCohort, lumbar_row, lumbar_seeds, simulate

SIZE = 96


@pytest.fixture(scope="module")
def cohort() -> LumbarCohort:
    return simulate("train", 4, size=SIZE)


def test_shapes_and_ranges(cohort: LumbarCohort) -> None:
    assert len(cohort) == 4
    assert cohort.images.shape == (4, SIZE, SIZE)
    assert cohort.images.dtype == np.uint8
    assert cohort.keypoints.shape == (4, 5, 2)
    assert (np.diff(cohort.keypoints[..., 1], axis=1) > 0).all()  # from head to feet
    assert cohort.keypoints.min() > 0
    assert cohort.keypoints.max() < SIZE
    assert ((cohort.ages >= 50) & (cohort.ages <= 75)).all()
    assert set(cohort.sexes) <= {"F", "M"}


def test_points_and_millimetres_are_those_of_the_phantom() -> None:
    row = lumbar_row(5, size=SIZE, external=False)
    drawn = row.radiograph
    padding = (SIZE - drawn.pixels.shape[1]) // 2
    inside = row.square[:, padding : padding + drawn.pixels.shape[1]]
    np.testing.assert_allclose(inside / 255, drawn.pixels, atol=0.003)
    assert row.square[:, :padding].max() == 0
    for (column, line), (i, j) in zip(row.keypoints, drawn.keypoints.values(), strict=True):
        # the phantom's whole numbers are centres of pixels
        assert (column, line) == pytest.approx((j + 0.5 + padding, i + 0.5), abs=1e-3)
    assert row.spacing == pytest.approx(drawn.spacing[0])
    length = np.linalg.norm(row.keypoints[4] - row.keypoints[0]) * row.spacing
    assert 125 < length < 235  # 141 +- 9 mm, enlarged 1.15 to 1.35


def test_another_hospital_changes_the_picture_and_not_the_person() -> None:
    here, there = (lumbar_row(9, size=SIZE, external=external) for external in (False, True))
    np.testing.assert_array_equal(here.keypoints, there.keypoints)
    assert here.radiograph.trabecular_hu == there.radiograph.trabecular_hu
    assert not np.array_equal(here.square, there.square)


def test_workers_and_the_cache_change_nothing(cohort: LumbarCohort, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    drawn = simulate("train", 4, size=SIZE, workers=2, cache=tmp_path, progress=lambda *now: told.append(now))
    again = simulate("train", 4, size=SIZE, cache=tmp_path, progress=lambda *now: told.append(now))
    for other in (drawn, again):
        for name in ("images", "keypoints", "spacing", "ages", "sexes", "seeds"):
            np.testing.assert_array_equal(getattr(cohort, name), getattr(other, name))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_splits_share_nobody() -> None:
    seen = np.concatenate([lumbar_seeds(split, 1000, seed) for split in SPLIT_SEEDS for seed in (0, 1)])
    assert len(np.unique(seen)) == len(seen)
    assert seen.min() > 1000


@pytest.mark.parametrize(("split", "count"), [("other", 3), ("train", 0)])
def test_nonsense_is_refused(split: str, count: int) -> None:
    with pytest.raises(ValueError, match="split"):
        simulate(split, count, size=SIZE)
