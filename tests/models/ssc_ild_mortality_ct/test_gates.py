"""Each gate lets a chest through and stops what it is there for, on made-up chests and on a phantom."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.ssc_ild_mortality_ct import gates
from models.ssc_ild_mortality_ct.gates import check_lungs, check_scan, middle_column, volume_ml
from models.ssc_ild_mortality_ct.preprocess import find_lungs
from screening.images import Volume
from training.phantoms.lung.phantom import make_chest_ct

from .chests import Array, as_volume, make_chest

FINE = (2.5, 2.5, 2.5)


def fine_chest() -> Array:
    """A made-up chest with a spine, slices every 2.5 mm: 88 of them, 220 mm."""
    hu = make_chest()
    hu[:, 92:100, 66:75] = 500
    return np.repeat(hu, 2, axis=0)


def lungs_code(hu: Array) -> str | None:
    volume = as_volume(hu, FINE)
    found = check_lungs(volume, find_lungs(volume))
    assert found is None or found.sop_instance_uid in volume.sop_instance_uids
    return None if found is None else found.code


def scan_code(volume: Volume) -> str | None:
    found = check_scan(volume)
    return None if found is None else found.code


def test_a_chest_passes() -> None:
    assert scan_code(as_volume(fine_chest(), FINE)) is None
    assert lungs_code(fine_chest()) is None


@pytest.mark.parametrize("seed", [2, 31, 1005])
def test_phantoms_pass(seed: int) -> None:
    ct = make_chest_ct(seed, spacing=(3.0, 2.5, 2.5))
    volume = as_volume(np.asarray(ct.hu, np.float32), ct.spacing)
    lungs = find_lungs(volume)
    assert check_scan(volume) is None
    assert check_lungs(volume, lungs) is None
    assert volume_ml(lungs) == pytest.approx(ct.truth.lung_volume_ml, rel=0.12)
    assert middle_column(lungs) * lungs.spacing[2] == pytest.approx(ct.hu.shape[2] * ct.spacing[2] / 2, abs=12)


def test_geometry_is_judged_from_the_volume() -> None:
    assert scan_code(as_volume(fine_chest()[:40], FINE)) == "coverage-too-short"
    assert scan_code(as_volume(make_chest(), (5.0, 2.5, 2.5))) == "slices-too-thick"


@pytest.mark.parametrize("turn", [(0, 0), (1, 1)], ids=["rows to the right", "columns to the front"])
def test_slices_that_lie_otherwise_are_refused(turn: tuple[int, int]) -> None:
    affine = np.eye(4)
    affine[turn] = -1
    assert scan_code(replace(as_volume(fine_chest(), FINE), affine=affine)) == "not-axial"
    coronal = np.eye(4)[:, [0, 2, 1, 3]]
    assert scan_code(replace(as_volume(fine_chest(), FINE), affine=coronal)) == "not-axial"


def test_an_affine_in_millimetres_is_axial_as_well() -> None:
    affine = np.diag([0.7, 0.7, 2.5, 1.0])
    assert scan_code(replace(as_volume(fine_chest(), FINE), affine=affine)) is None


@pytest.mark.parametrize("change", [lambda hu: hu + 1024, lambda hu: hu / 10, lambda hu: hu * 0 - 1000])
def test_values_that_are_no_hounsfield_units_are_refused(change: "object") -> None:
    assert callable(change)
    hu = np.asarray(change(fine_chest()), np.float32)
    assert scan_code(as_volume(hu, FINE)) == "hounsfield-implausible"


def test_lungs_that_go_on_beyond_the_scan_are_refused() -> None:
    assert lungs_code(fine_chest()[:70]) == "lungs-cut-off"
    assert lungs_code(fine_chest()[30:]) == "lungs-cut-off"


def test_lungs_on_the_edge_of_the_field_of_view_are_refused() -> None:
    lungs = find_lungs(as_volume(fine_chest(), FINE))
    mask = lungs.mask.copy()
    mask[10:30, 40:80, 0] = True
    found = check_lungs(as_volume(fine_chest(), FINE), replace(lungs, mask=mask))
    assert found is not None
    assert found.code == "lungs-cut-off"
    assert "field of view" in found.reason


@pytest.mark.parametrize("cut", [np.s_[:, :, :105], np.s_[:, :, 35:]], ids=["left", "right"])
def test_a_lung_that_is_cut_open_by_the_field_of_view_is_refused(cut: tuple[slice, ...]) -> None:
    """No part of an open hollow is in the mask: the rest looks like two smaller lungs."""
    assert lungs_code(np.ascontiguousarray(fine_chest()[cut])) == "lungs-cut-off"


@pytest.mark.parametrize(("columns", "side"), [(slice(0, 70), "right"), (slice(70, 140), "left")])
def test_a_single_lung_is_refused_and_the_side_named(columns: slice, side: str) -> None:
    hu = fine_chest()
    part = hu[:, :, columns]
    part[part < -600] = np.where(np.abs(part[part < -600] + 850) < 60, 40, part[part < -600])
    volume = as_volume(hu, FINE)
    found = check_lungs(volume, find_lungs(volume))
    assert found is not None
    assert found.code == "one-lung"
    assert side in found.reason


def test_lungs_of_a_child_or_a_giant_are_refused() -> None:
    lungs = find_lungs(as_volume(fine_chest(), FINE))
    for factor in (0.1, 2.5):
        scaled = replace(lungs, spacing=(lungs.spacing[0] * factor, *lungs.spacing[1:]))
        found = check_lungs(as_volume(fine_chest(), FINE), scaled)
        assert found is not None
        assert found.code == "lung-volume-implausible"


def test_lungs_without_air_are_refused() -> None:
    lungs = find_lungs(as_volume(fine_chest(), FINE))
    filled = replace(lungs, hu=np.where(lungs.mask, np.float32(-420), lungs.hu))
    found = check_lungs(as_volume(fine_chest(), FINE), filled)
    assert found is not None
    assert found.code == "not-inspired"


@pytest.mark.parametrize("seed", [2, 31, 1005])
def test_a_phantom_whose_slices_run_downwards_is_refused(seed: int) -> None:
    ct = make_chest_ct(seed, spacing=(3.0, 2.5, 2.5))
    volume = as_volume(np.ascontiguousarray(np.asarray(ct.hu, np.float32)[::-1]), ct.spacing)
    found = check_lungs(volume, find_lungs(volume))
    assert found is not None
    assert found.code == "head-to-feet"


WRONG: dict[str, tuple[Callable[[Array], Array], str]] = {
    "back in front": (lambda hu: hu[:, ::-1], "back-to-front"),
    "turned by 180 degrees": (lambda hu: hu[:, ::-1, ::-1], "back-to-front"),
    "turned by 90 degrees": (lambda hu: np.rot90(hu, 1, (1, 2)), "turned"),
    "mirrored from left to right": (lambda hu: hu[:, :, ::-1], "mirrored"),
}


@pytest.mark.parametrize("seed", [2, 9])
@pytest.mark.parametrize("way", WRONG)
def test_a_scan_that_lies_otherwise_than_its_header_says_is_refused(seed: int, way: str) -> None:
    change, code = WRONG[way]
    ct = make_chest_ct(seed, spacing=(3.0, 4.0, 4.0))
    assert scan_code(as_volume(ct.hu, ct.spacing)) is None
    assert scan_code(as_volume(np.ascontiguousarray(change(ct.hu)), ct.spacing)) == code


def test_a_scan_that_is_mostly_noise_is_refused() -> None:
    hu = fine_chest()
    noise = np.random.default_rng(0).normal(0, 1, hu.shape).astype(np.float32)
    assert scan_code(as_volume(hu + 300 * noise, FINE)) == "image-noisy"
    assert scan_code(as_volume(hu + np.float32(gates.NOISIEST - 20) * noise, FINE)) is None
