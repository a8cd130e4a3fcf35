"""CTs for the segmentation network: classes agree with the phantom's labels, and cohorts come back from the cache."""

from pathlib import Path

import numpy as np
import pytest

from models.bone_muscle_ct.measurements import VALUE
from models.bone_muscle_ct.segmentation import LEVELS, MUSCLES, VERTEBRA_LABELS
from training.cohorts.spine_ct import BODY, STRETCH, body_mask, classes_of, simulate
from training.phantoms.spine.muscles import LABELS
from training.phantoms.spine.phantom import make_spine_ct
from training.phantoms.spine.vertebrae import LABEL
from training.phantoms.spine.vertebrae import LEVELS as DRAWN


def test_names_and_values_are_those_of_the_phantom() -> None:
    assert LEVELS == DRAWN
    assert tuple(LABEL[level] for level in LEVELS) == VERTEBRA_LABELS
    assert {level: LABEL[level] for level in LEVELS} == VALUE
    assert {name: 1 + k for k, name in enumerate(MUSCLES)} == LABELS


def test_classes_of_labels() -> None:
    bone = np.array([0, 17, 26, 22, 0, 24], np.uint8)
    flesh = np.array([0, 0, 0, 0, 1, 6], np.uint8)
    assert classes_of(bone, flesh).tolist() == [0, 1, 9, 6, 10, 8]


def test_bodies_are_part_of_vertebrae_and_hold_the_trabecular_region() -> None:
    ct = make_spine_ct(3, spacing=(4.0, 3.0, 3.0))
    body = body_mask(ct)
    assert not (body & (ct.vertebra_labels == 0)).any()
    assert (ct.roi[~body] > 0).sum() <= 0.02 * (ct.roi > 0).sum()
    share = body.sum() / (ct.vertebra_labels > 0).sum()
    assert 0.35 < share < 0.85


def test_cohort_is_laid_end_to_end(tmp_path: Path) -> None:
    cohort = simulate("external", 2, cache=tmp_path)
    assert len(cohort) == 2
    hu, classes = cohort.volume(1)
    assert hu.shape == classes.shape == tuple(cohort.shapes[1])
    assert hu.dtype == np.int16
    assert hu.min() >= -1024
    named = classes & (BODY - 1)
    assert set(range(2, 1 + len(LEVELS) + len(MUSCLES))) <= set(np.unique(named))
    assert set(np.unique(named[classes >= BODY])) <= set(range(1, 1 + len(LEVELS)))
    again = simulate("external", 2, cache=tmp_path)
    assert np.array_equal(again.hu, cohort.hu)
    assert np.array_equal(again.classes, cohort.classes)
    assert 0 < STRETCH < 0.2


@pytest.mark.parametrize(("split", "count"), [("nobody", 3), ("train", 0)])
def test_unknown_splits_and_empty_cohorts_are_refused(split: str, count: int) -> None:
    with pytest.raises(ValueError, match="split"):
        simulate(split, count)
