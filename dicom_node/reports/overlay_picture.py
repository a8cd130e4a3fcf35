"""The overlay: the radiograph or slice itself, with where the model looked and what it measured.

Like the card it is drawn without any header. Only colour, lines and numbers are laid over the image: text stands
beside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image

from dicom_node.reports import colours
from dicom_node.reports.canvas import Canvas, Column, fitting, text_width
from dicom_node.reports.card_picture import BANNER_HEIGHT, draw_banner
from dicom_node.reports.colours import BACKGROUND as DARK
from dicom_node.reports.colours import CONTOUR, MUTED, NEUTRAL, OUTLINE, SEGMENTS, STRATUM, TEXT, TRACK
from dicom_node.reports.points import draw_points, is_point, point_name, points_entry
from dicom_node.reports.wording import (
    common_meaning,
    headline_meaning,
    headline_of,
    horizon_text,
    moment_text,
    stratum_of,
    value_text,
    weights_text,
)
from screening.card import ModelCard
from screening.findings import Findings, Heatmap, Measurement, MeasurementGroup, Point, Region
from screening.images import Radiograph

LONGEST_SIDE = 1200
_PANEL_WIDTH = 440
_PAD = 32
_LEAST_HEIGHT = 760

_Mask = tuple[npt.NDArray[np.bool_], colours.Colour]


@dataclass(frozen=True, kw_only=True, slots=True)
class _View:
    """Where the image lies on the page, and how its pixels get there."""

    left: int
    top: int
    width: int
    height: int
    x_scale: float
    y_scale: float

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.left + self.width, self.top + self.height

    def place(self, point: Point) -> Point:
        """Source pixels to page, kept two pixels inside of the image so that an outline at its edge is seen."""
        x, y = point[0] * self.x_scale, point[1] * self.y_scale
        return self.left + min(max(x, 2.0), self.width - 2.0), self.top + min(max(y, 2.0), self.height - 2.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Legend:
    """What stands beside the image."""

    card: ModelCard
    findings: Findings
    groups: list[tuple[int, MeasurementGroup]]
    heat: Heatmap | None
    tints: dict[str, colours.Colour]  #: of masks, by tracking identifier
    inferred_at: datetime


def has_overlay(findings: Findings, picture: Radiograph) -> bool:
    """Whether there is something to draw on this picture."""
    heat = findings.heatmap
    return (heat is not None and heat.sop_instance_uid == picture.sop_instance_uid) or bool(_on(findings, picture))


def draw_overlay(
    card: ModelCard, findings: Findings, picture: Radiograph, inferred_at: datetime
) -> npt.NDArray[np.uint8]:
    """The picture with heatmap, contours and a legend beside it: uint8 (rows, columns, 3). Its aspect is physical."""
    groups = _on(findings, picture)
    heatmap = findings.heatmap
    if heatmap is not None and heatmap.sop_instance_uid != picture.sop_instance_uid:
        heatmap = None
    width, height, x_scale, y_scale = _shown_size(picture)
    masks = _masks(findings, picture)
    tints = {name: colour for name, (_, colour) in masks.items()}
    legend = _Legend(card=card, findings=findings, groups=groups, heat=heatmap, tints=tints, inferred_at=inferred_at)
    words = _PANEL_WIDTH - 2 * _PAD
    panel = _panel(Column(Canvas(_PANEL_WIDTH), _PAD, words), 0, legend)
    body = max(height, panel, _LEAST_HEIGHT)
    canvas = Canvas(width + _PANEL_WIDTH, body + 2 * BANNER_HEIGHT)
    view = _View(
        left=0, top=BANNER_HEIGHT + (body - height) // 2, width=width, height=height, x_scale=x_scale, y_scale=y_scale
    )
    canvas.picture(view.left, view.top, _tinted(_image(picture, heatmap, view), masks, view))
    _draw_regions(canvas, view, groups, masks)
    _panel(Column(canvas, width + _PAD, words), BANNER_HEIGHT, legend)
    draw_banner(canvas, card, 0)
    draw_banner(canvas, card, canvas.image.height - BANNER_HEIGHT)
    return canvas.pixels()


def _on(findings: Findings, picture: Radiograph) -> list[tuple[int, MeasurementGroup]]:
    """The groups whose region lies on the picture, with their numbers; not again those on the headline's region."""
    headline = findings.groups[0].region
    return [
        (index, group)
        for index, group in enumerate(findings.groups)
        if any(region.sop_instance_uid == picture.sop_instance_uid for region in group.regions)
        and (index == 0 or group.region != headline)
    ]


def _shown_size(picture: Radiograph) -> tuple[int, int, float, float]:
    """Width, height and scales (x, y); pixels that are not square are shown as wide as they are."""
    rows, columns = picture.pixels.shape
    tall, wide = picture.spacing or (1.0, 1.0)
    scale = LONGEST_SIDE / max(rows * tall, columns * wide)
    width, height = max(1, round(columns * wide * scale)), max(1, round(rows * tall * scale))
    return width, height, width / columns, height / rows


def _image(picture: Radiograph, heatmap: Heatmap | None, view: _View) -> npt.NDArray[np.uint8]:
    grey = _resized(picture.pixels, (view.width, view.height), Image.Resampling.LANCZOS)
    heat = np.zeros_like(grey)
    if heatmap is not None:
        left, top, right, bottom = (
            round(value * scale) for value, scale in zip(heatmap.box, (view.x_scale, view.y_scale) * 2, strict=True)
        )
        if right > left and bottom > top:
            spread = _resized(heatmap.values, (right - left, bottom - top), Image.Resampling.BICUBIC)
            # a box may reach beyond the image, where a model padded it
            rows, columns = slice(max(top, 0), min(bottom, view.height)), slice(max(left, 0), min(right, view.width))
            heat[rows, columns] = spread[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return colours.blend_heat(grey, heat)


def _resized(values: npt.NDArray[np.float32], size: tuple[int, int], how: Image.Resampling) -> npt.NDArray[np.float64]:
    resized = Image.fromarray(np.ascontiguousarray(values)).resize(size, how)
    return np.clip(np.asarray(resized, dtype=np.float64), min(values.min(), 0), 1)


def _masks(findings: Findings, picture: Radiograph) -> dict[str, _Mask]:
    """The masks that lie on the picture, with the colour of each, by the tracking identifier of its group."""
    uid = picture.sop_instance_uid
    return {
        segment.tracking_identifier: (
            segment.mask[segment.sop_instance_uids.index(uid)], SEGMENTS[number % len(SEGMENTS)]
        )
        for number, segment in enumerate(findings.segments)
        if uid in segment.sop_instance_uids
    }  # fmt: skip


def _tinted(image: npt.NDArray[np.uint8], masks: dict[str, _Mask], view: _View) -> npt.NDArray[np.uint8]:
    """The image with each mask's colour laid over it, smooth at its border."""
    if not masks:
        return image
    out = image.astype(np.float64)
    for mask, colour in masks.values():
        spread = _resized(mask.astype(np.float32), (view.width, view.height), Image.Resampling.BILINEAR)
        alpha = colours.SEGMENT_ALPHA * spread[..., None]
        out = out * (1 - alpha) + np.array(colour) * alpha
    return np.rint(out).astype(np.uint8)


def _draw_regions(
    canvas: Canvas, view: _View, groups: list[tuple[int, MeasurementGroup]], masks: dict[str, _Mask]
) -> None:
    single = [group for _, group in groups if is_point(group)]
    groups = [(index, group) for index, group in groups if not is_point(group)]
    for index, group in groups:
        if group.tracking_identifier in masks:
            continue  # its colour shows where it lies
        points = [view.place(point) for point in _polyline(group.region)]
        lines = list(_dashes(points)) if index == 0 else [points]
        colour = OUTLINE if index == 0 else CONTOUR
        canvas.strokes(lines, view.box, (0, 0, 0), 7, 0.6)  # a dark rim: bright lines are lost on bright bone
        canvas.strokes(lines, view.box, colour, 3.5)
    for index, group in groups:
        if index:
            _tag(canvas, view, [view.place(point) for point in _polyline(group.region)], str(index))
    draw_points(canvas, view.box, [(point_name(group), view.place(group.region.points[0])) for group in single])


def _polyline(region: Region) -> list[Point]:
    """Points of a region as a line: a CIRCLE (centre, point on it) becomes a ring."""
    if region.graphic_type == "CIRCLE":
        (x, y), (on_x, on_y) = region.points[:2]
        radius = float(np.hypot(on_x - x, on_y - y))
        turns = np.linspace(0, 2 * np.pi, 73)
        return [(x + radius * float(np.cos(t)), y + radius * float(np.sin(t))) for t in turns]
    return list(region.points)


def _dashes(points: list[Point], dash: float = 18.0, gap: float = 12.0) -> Iterator[list[Point]]:
    for (x0, y0), (x1, y1) in pairwise(points):
        length = float(np.hypot(x1 - x0, y1 - y0))
        for start in np.arange(0, length, dash + gap):
            ends = (start / length, min(start + dash, length) / length)
            yield [(x0 + (x1 - x0) * float(t), y0 + (y1 - y0) * float(t)) for t in ends]


def _tag(canvas: Canvas, view: _View, points: list[Point], word: str) -> None:
    """The number of a region, above its highest point and inside of the image."""
    x, y = min(points, key=lambda point: (point[1], point[0]))
    wide, tall = text_width(word, 26, bold=True) + 20, 36
    left = min(max(x - wide / 2, view.left + 2), view.left + view.width - wide - 2)
    top = min(max(y - tall - 6, view.top + 2), view.top + view.height - tall - 2)
    canvas.rounded((left, top, left + wide, top + tall), 8, (10, 12, 16))
    canvas.line(left + wide / 2, top + tall / 2, word, 26, CONTOUR, bold=True, anchor="mm")


def _panel(column: Column, y: int, legend: _Legend) -> int:
    """What the picture shows, in words; returns the y below it."""
    card, findings = legend.card, legend.findings
    headline, stratum = headline_of(findings), stratum_of(findings)
    colour = STRATUM.get(stratum.value.value, NEUTRAL) if stratum else NEUTRAL
    y = column.paragraph(y + _PAD, card.title, 32, TEXT, bold=True) + 14
    y = column.paragraph(y, common_meaning(headline) if len(headline) > 1 else headline_meaning(findings), 22, MUTED)
    y = _values(column, y + 4, headline, colour)
    if stratum is not None:
        y = column.paragraph(y, f"{stratum.value.meaning} risk stratum", 26, colour, bold=True)
    if legend.heat is not None:
        y = _scale(column, y + 28, legend.heat)
    y += 28
    points = [group for _, group in legend.groups if is_point(group)]
    for index, group in legend.groups:
        if not is_point(group):
            y = _entry(column, y, index, group, legend.tints.get(group.tracking_identifier))
    y = points_entry(column, y, points)
    y = column.paragraph(y + 18, f"{card.name} {card.version}", 20, MUTED)
    y = column.paragraph(y, f"weights {weights_text(card.weights_sha256)}", 20, MUTED)
    return column.paragraph(y, moment_text(legend.inferred_at), 20, MUTED) + _PAD


def _values(column: Column, y: int, headline: Sequence[Measurement], colour: colours.Colour) -> int:
    """The headline; several times ahead stand below each other, the time at the left."""
    if len(headline) == 1:
        told = value_text(headline[0])
        return column.paragraph(y, told, fitting(told, 60, column.width, 36), colour, bold=True, leading=1.25)
    for measurement in headline:
        y += 52
        column.canvas.line(column.x, y, horizon_text(measurement.horizon_days or 0), 28, TEXT, anchor="ls")
        column.canvas.line(column.right, y, value_text(measurement), 48, colour, bold=True, anchor="rs")
    return y + 16


def _scale(column: Column, y: int, heat: Heatmap) -> int:
    """The colour scale, blended over grey as the heat is over the image; without colour on the image, that in words."""
    ends = heat.ends
    marks = ("none", "half", "most") if ends is None else (ends[0], "neither", ends[1])
    canvas, x, width = column.canvas, column.x, column.width
    title = "Where the model looked" if ends is None else f"What speaks for {ends[0]} or {ends[1]}"
    y = column.paragraph(y, title, 24, TEXT, bold=True) + 6
    if float(np.abs(heat.values).max()) <= colours.VISIBLE_FROM:
        nothing = "raises the result" if ends is None else "speaks for either"
        return column.paragraph(y, f"No place of the image {nothing}, so none is coloured.", 20, MUTED)
    ramp = np.tile(np.linspace(0 if ends is None else -1, 1, width), (26, 1))
    canvas.picture(x, y, colours.blend_heat(np.full_like(ramp, 0.45), ramp))
    for text, place, anchor in zip(marks, (x, x + width / 2, x + width), ("la", "ma", "ra"), strict=True):
        canvas.line(place, y + 34, text, 20, MUTED, anchor=anchor)
    return column.paragraph(
        y + 68, "Relative weight of each place for the result. It does not outline a lesion.", 20, MUTED
    )


def _entry(column: Column, y: int, index: int, group: MeasurementGroup, tint: colours.Colour | None) -> int:
    """One line of the legend: the mark on the image and what it stands for."""
    canvas, x = column.canvas, column.x
    if index or tint is not None:
        canvas.rounded((x, y, x + 40, y + 30), 7, tint or TRACK)
        canvas.line(x + 20, y + 15, str(index or ""), 22, CONTOUR if tint is None else DARK, bold=True, anchor="mm")
    else:
        for start in (0, 16, 32):
            canvas.box((x + start, y + 12, x + start + 10, y + 16), OUTLINE)
    words = column.inset(58)
    below = words.paragraph(y, group.tracking_identifier, 22, TEXT)
    if index:
        for measurement in group.measurements:
            below = words.paragraph(below, f"{value_text(measurement)}  {measurement.title}", 20, MUTED)
    return below + 14
