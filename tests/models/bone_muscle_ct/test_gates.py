"""Each gate lets a lumbar spine through and stops what it is there for."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.bone_muscle_ct.gates import NOISIEST, check_levels, check_scan
from models.bone_muscle_ct.labelling import Segmentation
from models.bone_muscle_ct.segmentation import HU
from screening.images import Volume
from tests.models.bone_muscle_ct.scans import segmented, volume_of
from tests.models.ssc_ild_mortality_ct.chests import as_volume
from training.phantoms.lung.phantom import make_chest_ct
from training.phantoms.spine.phantom import SpineCT, make_spine_ct


@pytest.fixture(scope="module")
def ct() -> SpineCT:
    return make_spine_ct(8, spacing=(4.0, 3.0, 3.0))


@pytest.fixture
def volume(ct: SpineCT) -> Volume:
    return volume_of(ct)


@pytest.fixture(scope="module")
def found(ct: SpineCT) -> Segmentation:
    return segmented(ct)


def scan_code(volume: Volume) -> str | None:
    refused = check_scan(volume)
    assert refused is None or refused.sop_instance_uid in volume.sop_instance_uids
    return None if refused is None else refused.code


def level_code(volume: Volume, found: Segmentation) -> str | None:
    refused = check_levels(volume, found)
    return None if refused is None else refused.code


@pytest.mark.parametrize("seed", [8, 14, 15, 23])
def test_phantoms_pass(seed: int) -> None:
    ct = make_spine_ct(seed, spacing=(4.0, 3.0, 3.0))
    assert scan_code(volume_of(ct)) is None
    assert level_code(volume_of(ct), segmented(ct)) is None


def test_geometry_is_judged_from_the_volume(volume: Volume) -> None:
    short = replace(volume, hu=volume.hu[:30], sop_instance_uids=volume.sop_instance_uids[:30])
    assert scan_code(short) == "coverage-too-short"
    assert scan_code(replace(volume, spacing=(5.5, 3.0, 3.0))) == "slices-too-thick"
    assert scan_code(replace(volume, spacing=(5.0, 3.0, 3.0))) is None
    assert scan_code(replace(volume, spacing=(4.0, 1.0, 1.0))) == "field-of-view-narrow"


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_that_lie_otherwise_are_refused(volume: Volume, axis: int) -> None:
    affine = volume.affine.copy()
    affine[:3, axis] *= -1
    assert scan_code(replace(volume, affine=affine)) == "not-axial"


@pytest.mark.parametrize("how", ["stored values", "a tenth", "air alone"])
def test_values_that_are_no_hounsfield_units_are_refused(volume: Volume, how: str) -> None:
    hu = {"stored values": volume.hu + 1024, "a tenth": volume.hu / 10, "air alone": volume.hu * 0 - 1000}[how]
    assert scan_code(replace(volume, hu=np.asarray(hu, np.float32))) == "hounsfield-implausible"


WRONG: dict[str, tuple[Callable[[HU], HU], str]] = {
    "back in front": (lambda hu: hu[:, ::-1], "back-to-front"),
    "turned by 180 degrees": (lambda hu: hu[:, ::-1, ::-1], "back-to-front"),
    "turned by 90 degrees": (lambda hu: np.rot90(hu, 1, (1, 2)), "turned"),
    "mirrored from left to right": (lambda hu: hu[:, :, ::-1], "mirrored"),
    "feet above": (lambda hu: hu[::-1], "head-to-feet"),
}


@pytest.mark.parametrize("seed", [8, 15])
@pytest.mark.parametrize("way", WRONG)
def test_a_scan_that_lies_otherwise_than_its_header_says_is_refused(seed: int, way: str) -> None:
    change, code = WRONG[way]
    volume = volume_of(make_spine_ct(seed, spacing=(5.0, 4.0, 4.0)))
    assert scan_code(replace(volume, hu=np.ascontiguousarray(change(volume.hu)))) == code


def test_a_scan_that_is_mostly_noise_is_refused(volume: Volume) -> None:
    noise = np.random.default_rng(0).normal(0, 1, volume.hu.shape).astype(np.float32)
    assert scan_code(replace(volume, hu=volume.hu + 300 * noise)) == "image-noisy"
    assert scan_code(replace(volume, hu=volume.hu + np.float32(NOISIEST - 20) * noise)) is None


def test_a_chest_is_refused_as_one() -> None:
    ct = make_chest_ct(9, spacing=(4.0, 4.0, 4.0))
    assert scan_code(as_volume(ct.hu, ct.spacing)) == "wrong-body-part"


def test_a_body_without_bone_has_no_spine(volume: Volume) -> None:
    assert scan_code(replace(volume, hu=np.minimum(volume.hu, np.float32(120)))) == "no-spine"


def test_a_spine_that_stands_on_its_head_is_refused(volume: Volume, found: Segmentation) -> None:
    over = replace(
        found, vertebrae=np.ascontiguousarray(found.vertebrae[::-1]), bodies=np.ascontiguousarray(found.bodies[::-1])
    )
    assert level_code(volume, over) == "head-to-feet"


def test_levels_that_cannot_be_counted_are_not_named(volume: Volume, found: Segmentation) -> None:
    assert level_code(volume, replace(found, doubtful=True)) == "levels-doubtful"


def test_a_lumbar_level_that_is_not_shown_is_named(volume: Volume, found: Segmentation) -> None:
    refused = check_levels(volume, replace(found, levels=tuple(b for b in found.levels if b.level != "L2")))
    assert refused is not None
    assert refused.code == "levels-not-found"
    assert refused.reason.endswith("not found: L2")


def test_nothing_found_is_no_spine(volume: Volume, found: Segmentation) -> None:
    nothing = replace(found, levels=(), vertebrae=found.vertebrae * 0, bodies=found.bodies & False, doubtful=True)
    assert level_code(volume, nothing) == "no-spine"
