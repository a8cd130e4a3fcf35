from itertools import pairwise

import numpy as np
import pytest

from training.phantoms.spine.anatomy import Phase
from training.phantoms.spine.organs import ENHANCED, vessel_lines
from training.phantoms.spine.phantom import SpineCT, make_spine_ct


def scan(phase: Phase, seed: int = 12) -> SpineCT:
    return make_spine_ct(seed, phase=phase, age=60, sex="M", spacing=(2.5, 2.5, 2.5), fractures={})


def aorta(scanned: SpineCT) -> float:
    lines, _ = vessel_lines(scanned.anatomy)["aorta"]
    points = [a + (b - a) * t for a, b in pairwise(lines) for t in (0.3, 0.5, 0.7)]
    values = [scanned.hu[tuple(round(i) for i in scanned.grid.index(tuple(p)))] for p in points[1:]]
    return float(np.median(values))


@pytest.mark.parametrize("phase", list(ENHANCED))
def test_the_aorta_has_the_phases_hu(phase: Phase) -> None:
    assert aorta(scan(phase)) == pytest.approx(ENHANCED[phase]["aorta"], abs=30)


def test_contrast_changes_organs_but_hardly_bone() -> None:
    native, portal = scan("native").truth, scan("portal").truth
    assert 5 <= portal.muscle.hu - native.muscle.hu <= 20
    assert 0 < portal.trabecular_hu["L1"] - native.trabecular_hu["L1"] < 15
    assert portal.trabecular_hu_120 == native.trabecular_hu_120


def test_there_is_gas_in_front_and_none_in_the_spine() -> None:
    found = scan("native", 13)
    z = found.grid.axes[0]
    low = found.hu[z < found.anatomy.vertebra("L2").centre[2]]
    gas = np.argwhere(low < -700)
    y = found.grid.axes[1][gas[:, 1]]
    inside = (y > found.anatomy.front + 30) & (y < 0)
    assert inside.sum() > 300
    assert found.hu[(found.vertebra_labels > 0)].min() > -600
