"""Boxes, outlines and masks lie where the phantom has its spine and muscles."""

import numpy as np
import pytest

from models.bone_muscle_ct.measurements import VALUE
from models.bone_muscle_ct.places import (
    Scan,
    body_box,
    muscle_rings,
    muscle_segment,
    trabecular_ring,
    trabecular_segment,
)
from tests.models.bone_muscle_ct.scans import scan_of
from training.phantoms.spine.phantom import SpineCT, make_spine_ct


@pytest.fixture(scope="module")
def ct() -> SpineCT:
    return make_spine_ct(8, spacing=(3.0, 2.0, 2.0))


@pytest.fixture(scope="module")
def scan(ct: SpineCT) -> Scan:
    return scan_of(ct)


@pytest.mark.parametrize("level", ["T12", "L1", "L4"])
def test_a_box_surrounds_the_middle_of_its_body(scan: Scan, ct: SpineCT, level: str) -> None:
    region = body_box(scan, level)
    z, y, x = ct.grid.index(ct.truth.keypoints[level])
    assert region.sop_instance_uid == f"1.2.{int(np.clip(z + 0.5, 0, len(ct.hu) - 1)) + 1}"
    columns, rows = np.array(region.points).T
    assert columns.min() < x + 0.5 < columns.max()
    assert rows.min() < y + 0.5 < rows.max()
    assert 30 < np.ptp(columns) * 2 < 75  # mm
    assert 20 < np.ptp(rows) * 2 < 50


def test_a_level_that_was_not_found_has_no_slice(scan: Scan) -> None:
    with pytest.raises(ValueError, match="got 'T9'"):
        scan.slice_of("T9")


def test_the_ring_of_the_spongiosa_lies_in_the_body(scan: Scan, ct: SpineCT) -> None:
    region = trabecular_ring(scan, "L1")
    k = scan.volume.sop_instance_uids.index(region.sop_instance_uid)
    assert region.points[0] == region.points[-1]
    assert len(region.points) > 8
    assert all(ct.vertebra_labels[k, int(y), int(x)] == VALUE["L1"] for x, y in region.points)


def test_each_muscle_is_outlined_by_itself_the_largest_first(scan: Scan, ct: SpineCT) -> None:
    k = scan.slice_of("L3")
    rings = muscle_rings(scan, k)
    assert len(rings) >= 8
    assert {ring.sop_instance_uid for ring in rings} == {scan.uid(k)}
    areas = []
    for ring in rings:
        x, y = np.array(ring.points).T
        areas.append(abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))) / 2 * 0.04)
    assert areas[0] == max(areas)
    assert sum(areas) == pytest.approx((ct.muscle_labels[k] > 0).sum() * 0.04, rel=0.08)


def test_the_mask_of_the_muscle_has_the_measured_area(scan: Scan) -> None:
    segment = muscle_segment(scan, scan.slice_of("L3"), "it")
    muscle = scan.prepared.measurements.muscle
    assert muscle is not None
    assert segment.mask.sum() * 0.04 == pytest.approx(muscle.area)
    assert segment.mask.shape == (1, *scan.volume.hu.shape[1:])


def test_the_mask_of_the_spongiosa_has_the_measured_voxels(scan: Scan) -> None:
    segment = trabecular_segment(scan, "L1", "it")
    (measured,) = [one for one in scan.prepared.measurements.trabecular if one.level == "L1"]
    assert segment.mask.sum() == measured.voxels
    values = np.stack([scan.volume.hu[scan.volume.sop_instance_uids.index(u)] for u in segment.sop_instance_uids])
    assert values[segment.mask].mean() == pytest.approx(measured.hu)
