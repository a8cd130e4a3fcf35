from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from training.cohorts.chest import SPLIT_SEEDS, make_cohort


def test_a_cohort_is_the_same_however_many_make_it(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    first = make_cohort("train", 6, size=64, progress=lambda done, total: seen.append((done, total)))
    second = make_cohort("train", 6, size=64, workers=2, cache=tmp_path)
    kept = make_cohort("train", 6, size=64, cache=tmp_path)
    for other in (second, kept):
        np.testing.assert_array_equal(first.images, other.images)
        np.testing.assert_array_equal(first.lp, other.lp)
        np.testing.assert_array_equal(first.auxiliary, other.auxiliary)
    assert seen[-1] == (6, 6)
    assert first.images.shape == (6, 64, 64)
    assert first.auxiliary.shape == (6, 9)
    assert len(first) == 6


def test_splits_share_no_patient() -> None:
    limits = sorted(SPLIT_SEEDS.values())
    assert min(b - a for a, b in pairwise(limits)) >= 10_000_000
    train, test = make_cohort("train", 2, size=64), make_cohort("test", 2, size=64)
    assert not set(train.seeds) & set(test.seeds)
    assert not set(train.seeds) & set(make_cohort("train", 2, size=64, seed=1).seeds)


@pytest.mark.parametrize(("split", "count"), [("holdout", 3), ("train", 0)])
def test_wrong_wishes_are_named(split: str, count: int) -> None:
    with pytest.raises(ValueError, match="split must be one of"):
        make_cohort(split, count, size=64)
