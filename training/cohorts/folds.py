"""Patients into folds: everything of a patient lies on one side."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from screening.errors import ConfigurationError

Rows = npt.NDArray[np.int64]


def folds_of(patients: Sequence[str], folds: int, *, seed: int = 0) -> Rows:
    """(N,) fold of each row, 0 to folds - 1; equal numbers of patients in each, as near as can be.

    Patients are dealt out in the order of a digest of their names and the seed: the order of rows does not matter.

    Raises
    ------
    ConfigurationError
        If there are fewer patients than folds.
    """
    known = sorted(set(patients), key=lambda name: hashlib.sha256(f"{seed}/{name}".encode()).digest())
    if len(known) < folds:
        raise ConfigurationError(f"{folds} folds need at least {folds} patients, there are {len(known)}")
    fold = {name: place % folds for place, name in enumerate(known)}
    return np.array([fold[name] for name in patients], np.int64)


def split_rows(patients: Sequence[str], *, folds: int, fold: int, seed: int = 0) -> dict[str, Rows]:
    """Rows of "test" (the fold), "validation" (the next one, round the end) and "train" (all others).

    Raises
    ------
    ConfigurationError
        If there are fewer than three folds, fewer patients than folds, or no such fold.
    """
    if folds < 3 or not 0 <= fold < folds:
        raise ConfigurationError(f"folds must be 3 or more and fold from 0 to folds - 1, got {folds} and {fold}")
    of = folds_of(patients, folds, seed=seed)
    test, validation = of == fold, of == (fold + 1) % folds
    masks = {"train": ~test & ~validation, "validation": validation, "test": test}
    return {name: np.flatnonzero(mask) for name, mask in masks.items()}
