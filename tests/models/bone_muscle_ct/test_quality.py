"""Vessels tell contrast medium, the edge of the field of view tells muscle that is cut off."""

import numpy as np
import pytest

from models.bone_muscle_ct.quality import ARTERIAL, BLOOD, muscle_cut_off, vessels
from tests.models.bone_muscle_ct.scans import segmented
from training.phantoms.spine.anatomy import Phase
from training.phantoms.spine.phantom import make_spine_ct


@pytest.mark.parametrize(
    ("phase", "low", "high"),
    [("native", 20, BLOOD), ("late", BLOOD, 150), ("portal", 120, ARTERIAL), ("arterial", ARTERIAL, 400)],
)
def test_the_phase_is_told_by_the_vessels(phase: Phase, low: float, high: float) -> None:
    ct = make_spine_ct(14, spacing=(4.0, 2.0, 2.0), phase=phase)
    assert low < vessels(ct.hu, segmented(ct)) < high


def section(*, cut: bool) -> tuple[np.ndarray, np.ndarray]:
    """A body with a ring of muscle; where it is cut, the right side lies beyond a padded edge."""
    y, x = np.mgrid[:100, :140]
    away = ((y - 50) / 40) ** 2 + ((x - 70) / 60) ** 2
    hu = np.where(away < 1, -100, -1000).astype(np.float32)
    muscles = ((away > 0.6) & (away < 0.8)).astype(np.uint8)
    hu[muscles > 0] = 40
    hu[:, : 30 if cut else 4] = -1024
    muscles[:, : 30 if cut else 4] = 0
    return hu, muscles


def test_muscle_on_the_edge_of_the_field_is_cut_off() -> None:
    for cut in (False, True):
        hu, muscles = section(cut=cut)
        assert muscle_cut_off(muscles, hu, (2.0, 2.0)) is cut


def test_a_phantom_that_reaches_beyond_the_field_is_noticed() -> None:
    for seed, cut in ((21, True), (24, False), (8, False)):  # 21 loses 29 mm of each side, 24 no more than skin
        ct = make_spine_ct(seed, spacing=(4.0, 2.0, 2.0))
        k = len(ct.hu) // 2
        assert muscle_cut_off(segmented(ct).muscles[k], ct.hu[k], ct.spacing[1:]) is cut
