"""Whole CTs through a segmentation."""

import numpy as np
import pytest

from models.bone_muscle_ct import prepare
from models.bone_muscle_ct.segmentation import SegmentationNet
from tests.models.bone_muscle_ct.truth import true_segmentation
from training.cohorts.bone_muscle_ct import simulate
from training.cohorts.bone_muscle_data import unpack
from training.cohorts.bone_muscle_whole import affine_of, through_segmentation, whole_ct
from training.phantoms.spine.grid import Grid

SIZE, PIXEL = 32, 6.0


def test_voxels_to_millimetres() -> None:
    affine = affine_of(Grid((3, 4, 5), (3.0, 2.0, 1.0), (-30.0, -20.0, -10.0)))
    assert affine @ np.array([1.0, 1.0, 1.0, 1.0]) == pytest.approx([-9.0, -18.0, -27.0, 1.0])


def test_a_faultless_segmentation_gives_the_slices_that_were_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    people = simulate("external", 2, size=SIZE, pixel=PIXEL)
    cts = iter([whole_ct(int(name), external=True) for name in people.patients])
    monkeypatch.setattr(prepare, "segment", lambda *_args, **_options: true_segmentation(next(cts)))
    cut = through_segmentation(people, SegmentationNet((4, 4)), size=SIZE, pixel=PIXEL, external=True)
    assert cut.refused == 0
    assert cut.rows.tolist() == [0, 1]
    ours, theirs = unpack(people.masks, SIZE), unpack(cut.cohort.masks, SIZE)
    assert (ours & theirs).sum() / (ours | theirs).sum() > 0.8
    inside = (ours & theirs).any(1)
    difference = cut.cohort.pictures.astype(float) - people.pictures
    assert np.abs(difference[inside]).mean() < 14  # codes, 2.5 to 7 HU each: texture, noise and half a millimetre
    np.testing.assert_array_equal(cut.cohort.time, people.time)


def test_who_cannot_be_counted_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(*_args: object, **_options: object) -> None:
        raise ValueError("no levels")

    people = simulate("external", 1, size=SIZE, pixel=PIXEL)
    monkeypatch.setattr("training.cohorts.bone_muscle_whole.prepare_upright", blind)
    cut = through_segmentation(people, SegmentationNet((4, 4)), size=SIZE, pixel=PIXEL, external=True)
    assert cut.refused == 1
    assert len(cut.cohort) == 0
