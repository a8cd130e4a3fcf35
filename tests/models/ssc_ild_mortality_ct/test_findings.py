"""What is measured is tied to its place in source pixels."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from models.ssc_ild_mortality_ct import findings
from models.ssc_ild_mortality_ct.findings import Shown, shown
from models.ssc_ild_mortality_ct.preprocess import find_lungs, prepare_lungs
from screening.codes import RISK_HIGH

from .chests import SPACING, Array, as_volume, make_chest

SLICES, SIZE = 9, 96
ATTENTION = np.array([0.05, 0.05, 0.05, 0.05, 0.3, 0.3, 0.1, 0.05, 0.05])
BY_YEAR = np.array([0.012, 0.034, 0.0567, 0.08, 0.123456])


def view(hu: Array | None = None) -> Shown:
    volume = as_volume(make_chest() if hu is None else hu, SPACING)
    lungs = find_lungs(volume)
    return shown(prepare_lungs(volume, lungs, slices=SLICES, size=SIZE), volume, lungs, ATTENTION)


def test_the_slice_weighted_most_is_shown_and_named_by_its_source() -> None:
    found = view()
    assert (found.index, found.attention) == (4, 0.3)  # the lower of equal ones
    z = found.scan.source_slices[4]
    assert z == pytest.approx(21.5, abs=1)  # the middle of slices 4 to 39
    assert found.uid == f"1.2.{z}"


def test_risks_are_those_of_the_papers_horizons_in_percent() -> None:
    found = findings.risks(BY_YEAR)
    assert [(one.name.value, one.value, one.unit.value, one.horizon_days) for one in found] == [
        ("MORT1Y", 1.2, "%", 365),
        ("MORT3Y", 5.67, "%", 1096),
        ("MORT5Y", 12.35, "%", 1826),
    ]


def test_the_headline_is_a_box_around_both_lungs_in_source_pixels() -> None:
    group = findings.headline(view(), BY_YEAR, (RISK_HIGH,), view().uid)
    assert group.region.sop_instance_uid == view().uid
    x, y = np.array(group.region.points).T
    assert len(x) == 9
    # ellipses around columns 40 and 100 (22 wide), row 60 (32 high)
    assert (x.min(), x.max()) == pytest.approx((18.5, 122.5), abs=2.5)
    assert (y.min(), y.max()) == pytest.approx((28.5, 92.5), abs=2.5)
    assert [one.name.value for one in group.measurements] == [
        "MORT1Y", "MORT3Y", "MORT5Y", "LUNGDENSE", "LUNGVOL", "SLICEATTN",
    ]  # fmt: skip
    measured = {one.name.value: one.value for one in group.measurements}
    assert measured["SLICEATTN"] == 30
    assert measured["LUNGVOL"] == pytest.approx(2 * np.pi * 32 * 22 * 36 * np.prod(SPACING) / 1000, rel=0.06)
    assert 0 <= measured["LUNGDENSE"] < 20
    assert [one.value for one in group.qualitative] == [RISK_HIGH]


def test_each_lung_is_outlined_where_it_lies_and_measured_by_itself() -> None:
    hu = make_chest()
    hu[4:40, 70:92, 85:115][hu[4:40, 70:92, 85:115] < -700] = -500  # ground glass at the back of the left lung
    right, left = findings.lungs_on_slice(view(hu))
    assert right.tracking_identifier == "Lung on this slice, patient's right"
    assert left.tracking_identifier == "Lung on this slice, patient's left"
    for group, middle in ((right, 40), (left, 100)):
        assert group.region.points[0] == group.region.points[-1]
        x, y = np.array(group.region.points).T
        distance = np.hypot((x - middle - 0.5) / 22, (y - 60.5) / 32)
        assert distance.min() > 0.85
        assert distance.max() < 1.15
    dense = [group.measurements[0].value for group in (right, left)]
    assert dense[1] > 20 + dense[0]


def test_lungs_that_are_one_piece_are_cut_at_the_middle_of_the_body() -> None:
    hu = make_chest()
    hu[4:40, 40:44, 55:85] = -850  # they meet before the heart
    right, left = findings.lungs_on_slice(view(hu))
    assert max(x for x, _ in right.region.points) <= 72
    assert min(x for x, _ in left.region.points) >= 68
    assert max(x for x, _ in left.region.points) > 115


def test_a_lung_that_is_not_on_the_slice_has_no_outline() -> None:
    found = view()
    lung = found.scan.lung.copy()
    lung[found.index, :, : SIZE // 2] = False
    (left,) = findings.lungs_on_slice(replace(found, scan=replace(found.scan, lung=lung)))
    assert "left" in left.tracking_identifier


def test_a_slice_without_lung_is_boxed_as_a_whole() -> None:
    found = view()
    lung = found.scan.lung.copy()
    lung[found.index] = False
    group = findings.headline(replace(found, scan=replace(found.scan, lung=lung)), BY_YEAR, (), view().uid)
    x, _ = np.array(group.region.points).T
    assert x.max() - x.min() == pytest.approx(SIZE * found.scan.step[1], rel=0.01)


def test_places_beyond_the_image_are_kept_inside() -> None:
    assert view().place((-400.0, -400.0)) == (0.0, 0.0)
    assert view().place((4000.0, 4000.0)) == (140.0, 120.0)


def test_the_slices_beside_are_the_nearest_and_do_not_run_out() -> None:
    found = view()
    middle, uids = found.scan.source_slices[found.index], found.volume.sop_instance_uids
    first = list(islice(findings.beside(found), len(uids) + 1))
    assert first[:4] == [uids[middle + step] for step in (-1, 1, -2, 2)]
    assert set(first[: len(uids) - 1]) == set(uids) - {found.uid}
    assert first[len(uids) - 1 :] == [found.uid] * 2


def test_a_part_by_itself_stands_on_the_same_box_with_its_own_risks() -> None:
    group = findings.part(view(), "Radiomics", BY_YEAR / 2, "1.2.7")
    assert group.tracking_identifier == "Radiomics alone"
    assert group.region.points == findings.headline(view(), BY_YEAR, (), view().uid).region.points
    assert group.region.sop_instance_uid == "1.2.7"
    assert group.measurements[0].name.value == "MORT1Y-RAD"
    assert group.measurements[0].name.meaning == "1-year all-cause mortality, Radiomics alone"
    assert [one.value for one in group.measurements] == [0.6, 2.83, 6.17]


def test_numbers_are_plain_for_the_database() -> None:
    group = findings.headline(view(), BY_YEAR, (), view().uid)
    assert {type(value) for point in group.region.points for value in point} == {float}
    for each in (group, *findings.lungs_on_slice(view())):
        assert {type(one.value) for one in each.measurements} == {float}
