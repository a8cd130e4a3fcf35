from collections import Counter

import numpy as np
import pytest

from screening.errors import ConfigurationError
from training.cohorts.folds import folds_of, split_rows

PATIENTS = [f"P{number % 23}" for number in range(100)]  # several rows of a patient


def test_a_patient_is_in_one_fold_and_folds_are_even() -> None:
    of = folds_of(PATIENTS, 5)
    by_patient = {name: {int(f) for f, other in zip(of, PATIENTS, strict=True) if other == name} for name in PATIENTS}
    assert all(len(found) == 1 for found in by_patient.values())
    sizes = Counter(next(iter(found)) for found in by_patient.values())
    assert sorted(sizes.values()) == [4, 4, 5, 5, 5]


def test_the_order_of_rows_does_not_matter_and_the_seed_does() -> None:
    order = np.random.default_rng(0).permutation(len(PATIENTS))
    shuffled = folds_of([PATIENTS[i] for i in order], 5)
    np.testing.assert_array_equal(shuffled, folds_of(PATIENTS, 5)[order])
    assert not np.array_equal(folds_of(PATIENTS, 5, seed=1), folds_of(PATIENTS, 5))


def test_every_row_is_tested_once() -> None:
    seen = [split_rows(PATIENTS, folds=5, fold=fold) for fold in range(5)]
    tested = np.concatenate([split["test"] for split in seen])
    assert sorted(tested.tolist()) == list(range(100))
    for split in seen:
        assert sorted(np.concatenate(list(split.values())).tolist()) == list(range(100))
        names = {part: {PATIENTS[i] for i in rows} for part, rows in split.items()}
        assert not names["train"] & names["test"]
        assert not names["train"] & names["validation"]


@pytest.mark.parametrize(("folds", "fold"), [(2, 0), (5, 5), (5, -1), (24, 0)])
def test_wrong_wishes_are_named(folds: int, fold: int) -> None:
    with pytest.raises(ConfigurationError, match="folds"):
        split_rows(PATIENTS, folds=folds, fold=fold)
