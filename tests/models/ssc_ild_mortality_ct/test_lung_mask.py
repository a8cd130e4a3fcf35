import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from models.ssc_ild_mortality_ct.lung_mask import NoLungs, lung_mask
from training.phantoms.lung.phantom import make_chest_slices

from .chests import SPACING, make_chest


def test_both_lungs_with_their_vessels_and_nothing_else() -> None:
    mask = lung_mask(make_chest(), SPACING)
    assert mask[20, 60, 40]  # the vessel
    assert mask[20, 60, 100]
    assert not mask[20, 55, 70]  # the windpipe
    assert not mask[20, 60, 70]  # the mediastinum
    assert not mask[:3].any()
    assert not mask[41:].any()
    area = np.pi * 32 * 22
    assert mask[20].sum() == pytest.approx(2 * area, rel=0.05)


def test_most_of_a_consolidation_at_the_wall_is_taken_in() -> None:
    chest, sound = make_chest(consolidated=True), lung_mask(make_chest(), SPACING)
    dense = sound & (chest > -100)
    dense[:, :, 25:] = False  # vessels
    assert dense[20].sum() > 15
    assert (lung_mask(chest, SPACING) & dense).sum() > 0.5 * dense.sum()


def test_the_dome_of_the_liver_is_not() -> None:
    chest = make_chest()
    y, x = np.mgrid[:120, :140]
    dome = ((y - 60) / 18) ** 2 + ((x - 40) / 12) ** 2 < 1
    chest[4:12, dome] = 50
    mask = lung_mask(chest, SPACING)
    assert not mask[8, 60, 40]
    assert mask[20, 60, 40]


def test_without_lungs_it_says_so() -> None:
    with pytest.raises(NoLungs):
        lung_mask(make_chest(lungs=False), SPACING)
    with pytest.raises(NoLungs):
        lung_mask(np.full((4, 30, 30), -1000, np.float32), SPACING)


@pytest.mark.parametrize("seed", [3, 4])
def test_phantoms_lungs_are_found_with_their_disease(seed: int) -> None:
    made = make_chest_slices(seed, slices=16, size=96)
    spacing = (float(made.heights[1] - made.heights[0]), made.pixel, made.pixel)
    found, true = lung_mask(made.hu[:, 0], spacing), made.lobe_labels > 0
    assert 2 * (found & true).sum() / (found.sum() + true.sum()) > 0.9
    ill = true & (made.pattern_labels > 0)
    assert (found & ill).sum() / ill.sum() > 0.7


@pytest.mark.real_data
def test_a_real_chest(real_data: Path) -> None:
    """A CT of 2 mm (LIDC-IDRI-0314) after surgery of one lung; what is in the mask was looked at."""
    held = gzip.decompress((real_data / "ct" / "LIDC-IDRI-0314_2mm.nii.gz").read_bytes())
    width, height, depth = struct.unpack("<3h", held[42:48])
    begin = int(struct.unpack("<f", held[108:112])[0])
    hu = np.frombuffer(held, "<i2", width * height * depth, begin).reshape(depth, height, width).astype(np.float32)
    mask = lung_mask(hu, (2.0, 2.0, 2.0))
    assert 2.5 < mask.sum() * 8e-6 < 3.5  # litres
    assert hu[mask].mean() < -700
    assert (hu[mask] < -970).mean() < 0.01  # no windpipe
