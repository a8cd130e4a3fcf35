"""Measurements agree with what was put into the volume."""

from dataclasses import replace

import numpy as np
import pytest

from models.bone_muscle_ct.labelling import Segmentation, assemble
from models.bone_muscle_ct.measurements import MEASURED, VALUE, measure, muscle_at, trabecular_region
from models.bone_muscle_ct.segmentation import HU
from tests.models.bone_muscle_ct.bodies import SPACING, hounsfield, spine


def segmented(trabecular: float = 150.0) -> tuple[HU, Segmentation]:
    found = spine()
    hu = hounsfield(found, trabecular=trabecular)
    return hu, assemble(found, hu, SPACING)


def test_trabecular_hu_of_each_level() -> None:
    hu, found = segmented()
    measured = measure(hu, found)
    assert [t.level for t in measured.trabecular] == list(MEASURED)
    assert all(t.hu == pytest.approx(150, abs=0.01) and t.sd == pytest.approx(0, abs=0.01) for t in measured.trabecular)
    assert np.isnan(measured.hu("S1"))


def test_cortex_and_the_veins_behind_are_left_out() -> None:
    hu, found = segmented()
    body = found.bodies & (found.vertebrae == VALUE["L3"])
    piece = trabecular_region(found, "L3")
    assert piece is not None
    region = np.zeros_like(body)
    region[piece.box] = piece.mask
    assert region.any()
    assert not (region & ~body).any()
    where, inside = np.argwhere(body), np.argwhere(region)
    assert (inside.min(0) > where.min(0)).all()
    assert (inside.max(0) < where.max(0)).all()
    assert inside[:, 1].mean() < where[:, 1].mean()  # in front of the middle
    hu[body & ~region] = 900
    assert measure(hu, found).hu("L3") == pytest.approx(150, abs=0.01)


def test_a_level_without_a_body_has_no_region() -> None:
    _, found = segmented()
    assert trabecular_region(replace(found, bodies=found.bodies & False), "L3") is None
    assert trabecular_region(replace(found, vertebrae=found.vertebrae * 0), "L3") is None


def test_where_a_level_was_measured() -> None:
    hu, found = segmented()
    measured = measure(hu, found)
    assert measured.region("L3").box == measured.trabecular[MEASURED.index("L3")].region.box
    with pytest.raises(ValueError, match="got 'T9'"):
        measured.region("T9")


def test_metal_is_told_and_not_measured() -> None:
    hu, found = segmented()
    z, y, x = np.argwhere(found.vertebrae == VALUE["L2"])[0]
    hu[z, y, x] = 3000
    measured = measure(hu, found)
    assert measured.metal == ("L2",)
    assert np.isnan(measured.hu("L2"))


def test_without_l3_there_is_no_muscle() -> None:
    found = spine(first=0, last=3)  # without a sacrum there is no L3 either
    hu = hounsfield(found)
    measured = measure(hu, assemble(found, hu, SPACING))
    assert measured.muscle is None
    assert measured.slice_l3 is None


def test_muscle_at_l3() -> None:
    hu, found = segmented()
    measured = measure(hu, found)
    assert measured.muscle is not None
    assert measured.slice_l3 == 42
    assert measured.muscle.area == pytest.approx(10 * 6 * 0.09)
    assert measured.muscle.hu == pytest.approx(40, abs=0.5)
    assert measured.muscle.fat == 0
    assert measured.muscles == {"psoas": measured.muscle}


def test_fat_within_a_muscle_is_a_share_and_no_muscle() -> None:
    hu = np.full((9, 60, 60), 40.0, np.float32)
    hu[:, :30] = -100
    muscles = np.zeros(hu.shape, np.uint8)
    muscles[:, 10:50, 10:50] = 2
    whole, parts = muscle_at(hu, muscles, (1.0, 1.0, 1.0), 4)
    assert whole.fat == pytest.approx(0.5, abs=0.03)
    assert whole.area == pytest.approx(8, abs=0.5)
    assert parts == {"erector_spinae": whole}


def test_noise_does_not_shrink_the_muscle() -> None:
    rng = np.random.default_rng(0)
    hu = (30 + rng.normal(0, 30, (9, 80, 80))).astype(np.float32)
    muscles = np.zeros(hu.shape, np.uint8)
    muscles[:, 20:60, 20:60] = 1
    whole, _ = muscle_at(hu, muscles, (1.0, 1.0, 1.0), 4)
    assert whole.area == pytest.approx(16, rel=0.01)
    assert whole.hu == pytest.approx(30, abs=1.5)


def test_a_slice_without_muscle_has_an_area_of_nothing() -> None:
    whole, parts = muscle_at(np.zeros((3, 9, 9), np.float32), np.zeros((3, 9, 9), np.uint8), (5.0, 1.0, 1.0), 1)
    assert whole.area == 0
    assert np.isnan(whole.hu)
    assert parts == {}
