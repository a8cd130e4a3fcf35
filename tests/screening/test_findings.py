from typing import Any

import numpy as np
import pytest

from screening.codes import ATTENUATION, HOUNSFIELD, MEAN, MONTH, SKELETAL_MUSCLE, TISSUE
from screening.findings import Findings, Heatmap, NotEvaluable, Segment, rectangle
from tests.screening.factories import UID, make_group, make_measurement, make_region


def test_rectangle_is_closed_and_runs_round_the_box() -> None:
    region = rectangle(1, 2, 11, 22, UID)
    assert region.graphic_type == "POLYLINE"
    assert region.points[0] == region.points[-1] == (1, 2)
    assert len(region.points) == 9
    assert {x for x, _ in region.points} == {1, 6, 11}
    assert {y for _, y in region.points} == {2, 12, 22}


@pytest.mark.parametrize(("graphic_type", "points"), [("POINT", ()), ("CIRCLE", ((1, 1),)), ("POLYLINE", ((1, 1),))])
def test_region_needs_its_points(graphic_type: str, points: Any) -> None:
    with pytest.raises(ValueError, match=f"a {graphic_type} needs at least"):
        make_region(graphic_type=graphic_type, points=points)


def test_region_lies_somewhere() -> None:
    with pytest.raises(ValueError, match="points of a POINT must be finite"):
        make_region(graphic_type="POINT", points=((1.0, float("nan")),))


def test_region_names_its_image() -> None:
    with pytest.raises(ValueError, match="sop_instance_uid must be a DICOM UID"):
        make_region(sop_instance_uid="image 1")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_are_finite(value: float) -> None:
    with pytest.raises(ValueError, match="value of T-1 must be finite"):
        make_measurement(value=value)
    with pytest.raises(ValueError, match="bounds of T-1 must be finite"):
        make_measurement(low=value)
    with pytest.raises(ValueError, match="bounds of T-1 must be finite"):
        make_measurement(high=value)


def test_interval_is_the_right_way_round() -> None:
    assert make_measurement(low=3.0, high=3.0).low == 3.0
    with pytest.raises(ValueError, match="low of T-1 must not exceed high"):
        make_measurement(low=4.0, high=3.0)


@pytest.mark.parametrize("value", [-0.1, 100.1])
def test_risks_are_percentages(value: float) -> None:
    with pytest.raises(ValueError, match=r"must lie in 0\.\.100 %"):
        make_measurement(value=value)
    assert make_measurement(value=value, unit=MONTH).value == value
    assert make_measurement(value=value, horizon_days=None).value == value


def test_findings_begin_with_a_headline() -> None:
    assert Findings(groups=(make_group(),), conclusion="Low risk.").groups[0].measurements[0].value == 12.5
    with pytest.raises(ValueError, match="headline"):
        Findings(groups=(), conclusion="Nothing.")
    with pytest.raises(ValueError, match="headline"):
        Findings(groups=(make_group(measurements=()), make_group()), conclusion="Low risk.")


def test_distance_from_the_training_data_is_finite() -> None:
    with pytest.raises(ValueError, match="out_of_distribution must be finite"):
        Findings(groups=(make_group(),), conclusion="Low risk.", out_of_distribution=float("nan"))


def heatmap(**changes: Any) -> Heatmap:
    values: dict[str, Any] = {
        "values": np.zeros((2, 3), np.float32),
        "box": (0.0, 0.0, 30.0, 20.0),
        "sop_instance_uid": UID,
    }
    return Heatmap(**(values | changes))


def test_heatmap() -> None:
    assert heatmap().values.shape == (2, 3)
    assert "array" not in repr(heatmap())


@pytest.mark.parametrize("values", [np.zeros((2, 3, 1), np.float32), np.zeros((2, 3))])
def test_heatmap_is_float32_in_two_dimensions(values: Any) -> None:
    with pytest.raises(ValueError, match=r"values must be float32 \(h, w\)"):
        heatmap(values=values)


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan")])
def test_heatmap_lies_in_the_unit_interval(value: float) -> None:
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        heatmap(values=np.full((2, 2), value, np.float32))


@pytest.mark.parametrize("box", [(0, 0, 0, 5), (0, 5, 5, 5), (5, 0, 0, 5)])
def test_heatmap_covers_an_area(box: Any) -> None:
    with pytest.raises(ValueError, match="box must be"):
        heatmap(box=box)


def test_not_evaluable_has_a_code() -> None:
    assert NotEvaluable(code="age-unknown", reason="no age").sop_instance_uid is None
    with pytest.raises(ValueError, match="code must be lower-case words"):
        NotEvaluable(code="Age unknown", reason="no age")


def test_a_window_rises() -> None:
    groups = (make_group(),)
    assert Findings(groups=groups, conclusion="c", window=(-1350.0, 150.0)).window == (-1350, 150)
    with pytest.raises(ValueError, match="window must be"):
        Findings(groups=groups, conclusion="c", window=(150.0, -1350.0))


def test_a_heatmap_with_two_ends_has_a_sign() -> None:
    values = np.array([[-1, 0.5]], np.float32)
    assert heatmap(values=values, ends=("younger", "older")).values.min() == -1
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        heatmap(values=2 * values, ends=("younger", "older"))


def make_segment(**changes: Any) -> Segment:
    values: dict[str, Any] = {
        "label": "Muscle", "category": TISSUE, "kind": SKELETAL_MUSCLE, "site": None, "tracking_identifier": "headline",
        "sop_instance_uids": (UID, f"{UID}.2"), "mask": np.ones((2, 3, 4), np.bool_),
    }  # fmt: skip
    return Segment(**(values | changes))


def test_a_derived_value_says_how_it_was_made() -> None:
    plain = make_measurement(name=ATTENUATION, unit=HOUNSFIELD, horizon_days=None)
    assert plain.title == "Attenuation Coefficient"
    mean = make_measurement(name=ATTENUATION, unit=HOUNSFIELD, horizon_days=None, derivation=MEAN)
    assert mean.title == "Attenuation Coefficient (Mean)"


def test_the_present_is_a_risk_of_no_time_ahead() -> None:
    assert make_measurement(horizon_days=0).horizon_days == 0
    with pytest.raises(ValueError, match="must lie in 0"):
        make_measurement(horizon_days=0, value=101.0)


@pytest.mark.parametrize(
    "mask", [np.ones((1, 3, 4), np.bool_), np.ones((2, 3), np.bool_), np.ones((2, 3, 4), np.uint8)], ids=str
)
def test_a_mask_has_a_slice_for_each_image(mask: Any) -> None:
    with pytest.raises(ValueError, match="mask must be bool"):
        make_segment(mask=mask)


def test_a_mask_shows_something_on_each_image() -> None:
    mask = np.ones((2, 3, 4), np.bool_)
    mask[1] = False
    with pytest.raises(ValueError, match="must show something"):
        make_segment(mask=mask)
    with pytest.raises(ValueError, match="must show something"):
        make_segment(mask=mask[:0], sop_instance_uids=())


def test_a_segment_belongs_to_a_group() -> None:
    kept = Findings(groups=(make_group(),), conclusion="", segments=(make_segment(),))
    assert kept.segments[0].label == "Muscle"
    with pytest.raises(ValueError, match="segment 'Muscle' must have the tracking identifier of a group"):
        Findings(groups=(make_group(),), conclusion="", segments=(make_segment(tracking_identifier="other"),))


def test_a_group_has_all_its_regions() -> None:
    other = make_region(sop_instance_uid=f"{UID}.4")
    assert make_group(further_regions=(other,)).regions == (make_region(), other)
