"""What is told, where, and in which order; what is withheld is not."""

from dataclasses import replace

import numpy as np
import pytest

from models.bone_muscle_ct.findings import MUSCLE, PATIENT, Result, fractured, groups_of, percent, risks, segments_of
from models.bone_muscle_ct.measurements import VALUE
from models.bone_muscle_ct.places import Scan, body_box
from screening.codes import RISK_HIGH
from tests.models.bone_muscle_ct.scans import readings, scan_of
from training.phantoms.spine.phantom import SpineCT, make_spine_ct


@pytest.fixture(scope="module")
def ct() -> SpineCT:
    return make_spine_ct(8, spacing=(3.0, 2.0, 2.0))


@pytest.fixture(scope="module")
def scan(ct: SpineCT) -> Scan:
    return scan_of(ct)


@pytest.fixture
def whole(scan: Scan) -> Result:
    return Result(scan=scan, reading=readings(), risk=True, muscle=True, stratum=(RISK_HIGH,))


def test_the_present_and_the_papers_horizons_are_the_headline(whole: Result) -> None:
    group = groups_of(whole)[0]
    assert group.tracking_identifier == PATIENT
    assert [(one.name.value, one.value, one.horizon_days) for one in group.measurements] == [
        ("VFXPREV", 2.0, 0), ("VFX2Y", 4.12, 730), ("VFX3Y", 6.0, 1096), ("VFX5Y", 10.0, 1826),
    ]  # fmt: skip
    assert [answer.value for answer in group.qualitative] == [RISK_HIGH]


def test_the_headline_lies_on_the_level_that_is_most_likely_fractured(whole: Result) -> None:
    by_name = {group.tracking_identifier: group for group in groups_of(whole)}
    slices = [
        whole.scan.volume.sop_instance_uids.index(by_name[name].region.sop_instance_uid)
        for name in (PATIENT, "L2 vertebral body")  # 0.03 of readings()
    ]
    assert 1 <= abs(slices[0] - slices[1]) <= 3
    body = whole.scan.prepared.segmentation.vertebrae[slices[0]] == VALUE["L2"]
    column, row = np.mean(by_name[PATIENT].region.points[:-1], axis=0)
    assert body[int(row), int(column)]


def test_no_two_groups_lie_on_one_slice_for_viewers_write_them_over_each_other(whole: Result) -> None:
    groups = groups_of(whole)
    assert len(groups) >= 15
    assert len({group.region.sop_instance_uid for group in groups}) == len(groups)
    assert {len({region.sop_instance_uid for region in group.regions}) for group in groups} == {1}


def test_where_the_slices_do_not_suffice_the_middle_is_shared(scan: Scan) -> None:
    everywhere = frozenset(scan.volume.sop_instance_uids)
    assert body_box(scan, "L2", everywhere) == body_box(scan, "L2")


def test_little_does_not_become_nothing() -> None:
    assert percent(0.00001) == 0.001
    assert percent(0.0) == 0.0


def test_every_level_has_its_fracture_and_its_attenuation(whole: Result, ct: SpineCT) -> None:
    by_name = {group.tracking_identifier: group for group in groups_of(whole)}
    assert len(by_name) == len(groups_of(whole))
    for level in ("T12", "L1", "L2", "L3", "L4", "L5"):
        (probability,) = by_name[f"{level} vertebral body"].measurements
        assert probability.name.value == "VFXPREV"
        mean, *spread = by_name[f"{level} trabecular ROI"].measurements
        assert mean.value == pytest.approx(ct.truth.trabecular_hu[level], abs=25)
        assert mean.title == "Mean Attenuation Coefficient"
        assert [one.title for one in spread] == (["Standard Deviation of Attenuation Coefficient"] * (level == "L1"))


def test_the_muscle_has_area_attenuation_and_fat(whole: Result, ct: SpineCT) -> None:
    (group,) = [one for one in groups_of(whole) if one.tracking_identifier == MUSCLE]
    area, mean, fat = group.measurements
    assert area.value == pytest.approx(ct.truth.muscle.area, rel=0.06)
    assert mean.value == pytest.approx(ct.truth.muscle.hu, abs=8)
    assert fat.name.value == "MUSCLEFAT"
    assert 0 <= fat.value < 30
    assert len(group.regions) > 5


def test_without_the_networks_the_attenuation_of_l1_is_the_headline(scan: Scan) -> None:
    groups = groups_of(Result(scan=scan, reading=None, risk=False, muscle=True))
    assert [group.tracking_identifier for group in groups[:2]] == ["L1 trabecular ROI", MUSCLE]
    assert not any("fracture" in one.name.meaning for group in groups for one in group.measurements)


def test_with_the_risk_withheld_the_present_is_still_told(scan: Scan) -> None:
    groups = groups_of(Result(scan=scan, reading=readings(), risk=False, muscle=True))
    assert groups[0].tracking_identifier == "L1 trabecular ROI"
    (patient,) = [group for group in groups if group.tracking_identifier == PATIENT]
    assert [one.name.value for one in patient.measurements] == ["VFXPREV"]


def test_a_fracture_is_the_headline_though_the_risk_is_withheld(scan: Scan) -> None:
    reading = readings(fracture=0.9)
    assert fractured(reading)
    groups = groups_of(Result(scan=scan, reading=reading, risk=False, muscle=True))
    assert [one.value for one in groups[0].measurements] == [90.0]


def test_where_l1_was_not_measured_the_next_level_is_the_headline(scan: Scan) -> None:
    measured = scan.prepared.measurements
    rest = replace(measured, trabecular=tuple(one for one in measured.trabecular if one.level != "L1"))
    spoilt = replace(scan, prepared=replace(scan.prepared, measurements=rest))
    result = Result(scan=spoilt, reading=None, risk=False, muscle=False)
    assert groups_of(result)[0].tracking_identifier == "L2 trabecular ROI"
    assert segments_of(result) == ()


def test_the_masks_are_tracked_as_their_groups(whole: Result) -> None:
    segments = segments_of(whole)
    names = {group.tracking_identifier for group in groups_of(whole)}
    assert [segment.tracking_identifier for segment in segments] == ["L1 trabecular ROI", MUSCLE]
    assert {segment.tracking_identifier for segment in segments} <= names
    assert [segment.kind.meaning for segment in segments] == ["L1 vertebra", "Skeletal muscle"]


def test_muscle_that_is_cut_off_is_not_told(whole: Result) -> None:
    cut = replace(whole, muscle=False)
    assert MUSCLE not in [group.tracking_identifier for group in groups_of(cut)]
    assert [segment.label for segment in segments_of(cut)] == ["L1 trabecular ROI"]


def test_risks_are_those_of_the_papers_horizons_in_percent() -> None:
    assert [one.value for one in risks(readings().risks[0])] == [4.12, 6.0, 10.0]
