"""Points with names: ring at the place, name beside it, one line of the legend."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from dicom_node.reports.canvas import Canvas
from dicom_node.reports.overlay_picture import LONGEST_SIDE, draw_overlay
from dicom_node.reports.points import draw_points, is_point, point_name
from screening.findings import Findings, Region
from tests.dicom_node.reports.drawn import catch
from tests.dicom_node.reports.factories import CARD, ROWS, SOP_UID, make_findings, make_picture

MOMENT = datetime(2026, 11, 21, 14, 3, tzinfo=UTC)
PLACES = {"L1": (100.0, 80.0), "L2": (105.0, 120.0), "L3": (108.0, 160.0)}


def marked() -> Findings:
    findings = replace(make_findings(), heatmap=None)
    like = replace(findings.groups[1], measurements=())
    points = [
        replace(
            like,
            tracking_identifier=f"{name} vertebral body centre",
            region=Region(graphic_type="POINT", points=(place,), sop_instance_uid=SOP_UID),
        )
        for name, place in PLACES.items()
    ]
    return replace(findings, groups=(findings.groups[0], *points))


def test_each_place_is_marked_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = catch(monkeypatch)
    page = draw_overlay(CARD, marked(), make_picture(), MOMENT)
    assert [name for name in drawn.lines if name in PLACES] == list(PLACES)
    assert "L1, L2, L3" in drawn.lines  # one line of the legend for all
    assert drawn.outside == []
    top = (page.shape[0] - LONGEST_SIDE) // 2
    scale = LONGEST_SIDE / ROWS
    for x, y in PLACES.values():
        row, column = round(top + y * scale), round(x * scale)
        assert page[row - 3 : row + 3, column - 3 : column + 3].max() > 200


def test_names_stand_on_the_side_with_more_room_and_inside() -> None:
    for x in (60.0, 340.0, 398.0):
        canvas = Canvas(400, 200, background=(90, 90, 90))
        draw_points(canvas, (0, 0, 400, 200), [("L5", (x, 100.0))])
        columns = np.flatnonzero((canvas.pixels().max(2) < 20).any(0))  # the dark ground of the name
        assert (columns.mean() > x) == (x < 200)
        assert 0 < columns.min() <= columns.max() < 400


def test_without_points_nothing_is_drawn() -> None:
    canvas = Canvas(40, 40)
    before = canvas.pixels().copy()
    draw_points(canvas, (0, 0, 40, 40), [])
    assert np.array_equal(before, canvas.pixels())


def test_the_name_is_the_first_word() -> None:
    group = marked().groups[2]
    assert is_point(group)
    assert point_name(group) == "L2"
    assert not is_point(marked().groups[0])
