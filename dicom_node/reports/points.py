"""Points with names on the overlay: a ring around the place, its name beside it, a legend line for each kind."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from dicom_node.reports.canvas import Canvas, Column, text_width
from dicom_node.reports.colours import CONTOUR, MUTED, TEXT, TRACK
from screening.findings import MeasurementGroup, Point

_NAME = 42  # font size: 14 pixels when a page of 1200 is shown at 512 with its panel
_RADIUS, _DOT = 17.0, 3.0
# From the place to its name: pixels at least, and a share of the distance between places: what is marked stays free
_GAP, _FREE = 46.0, 0.62


def is_point(group: MeasurementGroup) -> bool:
    """Whether the group marks a single place."""
    return group.region.graphic_type == "POINT"


def point_name(group: MeasurementGroup) -> str:
    """What stands beside the place: the first word of the tracking identifier, e.g. "L1"."""
    return group.tracking_identifier.split(maxsplit=1)[0]


def draw_points(canvas: Canvas, within: tuple[int, int, int, int], points: Sequence[tuple[str, Point]]) -> None:
    """Ring, dot and name of each place, all names on the side with more room. within: the image on the page."""
    if not points:
        return
    left, _, right, _ = within
    to_right = float(np.mean([x for _, (x, _) in points])) <= (left + right) / 2
    rings = [_ring(place, _RADIUS) for _, place in points] + [_ring(place, _DOT) for _, place in points]
    canvas.strokes(rings, within, (0, 0, 0), 8, 0.6)  # a dark rim: bright lines are lost on bright bone
    canvas.strokes(rings, within, CONTOUR, 4)
    apart = [float(np.hypot(b[0] - a[0], b[1] - a[1])) for (_, a), (_, b) in pairwise(points)]
    gap = max(_GAP, _FREE * float(np.median(apart))) if apart else _GAP
    for name, place in points:
        _name(canvas, within, name, place, gap if to_right else -gap)


def points_entry(column: Column, y: int, groups: Sequence[MeasurementGroup]) -> int:
    """A line of the legend for each kind of point with the names of all; returns the y below."""
    for meaning in dict.fromkeys(group.finding.meaning for group in groups):
        names = [point_name(group) for group in groups if group.finding.meaning == meaning]
        column.canvas.rounded((column.x, y, column.x + 40, y + 30), 7, TRACK)
        middle = (column.x + 20.0, y + 15.0)
        if column.canvas.drawn:
            box = (column.x, y, column.x + 40, y + 30)
            column.canvas.strokes([_ring(middle, 8), _ring(middle, 1.5)], box, CONTOUR, 3)
        words = column.inset(58)
        below = words.paragraph(y, meaning, 22, TEXT)
        y = words.paragraph(below, ", ".join(names), 20, MUTED) + 14
    return y


def _ring(centre: Point, radius: float) -> list[Point]:
    turns = np.linspace(0, 2 * np.pi, 37)
    return [(centre[0] + radius * float(np.cos(t)), centre[1] + radius * float(np.sin(t))) for t in turns]


def _name(canvas: Canvas, within: tuple[int, int, int, int], name: str, place: Point, gap: float) -> None:
    wide, tall = text_width(name, _NAME, bold=True) + 24, _NAME + 12
    left = place[0] + gap - (wide if gap < 0 else 0)
    left = min(max(left, within[0] + 2), within[2] - wide - 2)
    top = min(max(place[1] - tall / 2, within[1] + 2), within[3] - tall - 2)
    canvas.rounded((left, top, left + wide, top + tall), 10, (10, 12, 16))
    canvas.line(left + wide / 2, top + tall / 2, name, _NAME, CONTOUR, bold=True, anchor="mm")
