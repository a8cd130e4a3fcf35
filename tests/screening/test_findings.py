from typing import Any

import numpy as np
import pytest

from screening.codes import MONTH
from screening.findings import Findings, Heatmap, NotEvaluable, rectangle
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
