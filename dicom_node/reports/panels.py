"""Panels of the summary card: the ground on which a value stands, its stratum, and one risk at several times ahead."""

from dicom_node.reports.canvas import Canvas, Column, drawable, fitting, text_width, wrap
from dicom_node.reports.colours import MUTED, NEUTRAL, PANEL, STRATUM, TEXT, TRACK, Colour
from dicom_node.reports.wording import (
    common_meaning,
    headline_of,
    horizon_text,
    interval_text,
    number_text,
    stratum_of,
    unit_text,
)
from screening.findings import Findings, Measurement

_NUMBER = 112  # font size of each value
_TALL = 20  # of a bar, pixels


def draw_panel(page: Column, top: int, bottom: int, colour: Colour) -> None:
    """A panel over the page's width, with a coloured edge."""
    page.canvas.rounded((page.x, top, page.right, bottom), 18, PANEL)
    page.canvas.rounded((page.x, top, page.x + 10, bottom), 5, colour)


def draw_pill(canvas: Canvas, box: tuple[int, int, int, int], word: str, colour: Colour) -> None:
    """The stratum as a word on its colour."""
    left, top, right, bottom = box
    canvas.rounded(box, (bottom - top) / 2, colour)
    canvas.line((left + right) / 2, (top + bottom) / 2, word, 40, (12, 14, 18), bold=True, anchor="mm")
    canvas.line((left + right) / 2, bottom + 24, "risk stratum", 24, MUTED, anchor="mm")


def horizons_panel(page: Column, y: int, findings: Findings) -> int:
    """One risk at several times ahead, side by side: the time, the value, a bar; returns the y below."""
    measurements, stratum = headline_of(findings), stratum_of(findings)
    colour = STRATUM.get(stratum.value.value, NEUTRAL) if stratum else NEUTRAL
    inner = page.inset(36, 36)
    word = drawable(stratum.value.meaning).upper() if stratum else ""
    pill_width = max(text_width(word, 40, bold=True) + 64, 190) if stratum else 0
    values, meaning = inner.inset(0, pill_width + 48 if stratum else 0), common_meaning(measurements)
    top = y + 22 + 36 * len(wrap(meaning, 28, values.width)) + 10
    bottom = top + (258 if any(interval_text(one) for one in measurements) else 228)
    draw_panel(page, y, bottom, colour)
    values.paragraph(y + 22, meaning, 28, MUTED, leading=36 / 28)
    if stratum is not None:
        draw_pill(inner.canvas, (inner.right - pill_width, top + 66, inner.right, top + 136), word, colour)
    gap = 40
    width = (values.width - gap * (len(measurements) - 1)) // len(measurements)
    for index, measurement in enumerate(measurements):
        left = index * (width + gap)
        _horizon(values.inset(left, values.width - left - width), top, measurement, colour)
    return bottom


def _horizon(column: Column, y: int, measurement: Measurement, colour: Colour) -> None:
    """Time, value and, for a percentage, a bar from 0 to 100: a low risk shall look low."""
    canvas, x = column.canvas, column.x
    time = horizon_text(measurement.horizon_days or 0)
    canvas.line(x, y, f"within {time}" if measurement.horizon_days else time, 38, TEXT, bold=True)
    number, unit = drawable(number_text(measurement.value, measurement.unit.value)), unit_text(measurement)
    size = fitting(number, _NUMBER, column.width - text_width(unit, 54) - 14)
    canvas.line(x - 4, y + 142, number, size, colour, bold=True, anchor="ls")
    canvas.line(x + text_width(number, size) + 12, y + 142, unit, 54, colour, anchor="ls")
    if measurement.unit.value == "%":
        until = x + column.width * min(max(measurement.value, 0.0), 100.0) / 100
        canvas.rounded((x, y + 168, column.right, y + 168 + _TALL), _TALL / 2, TRACK)
        canvas.rounded((x, y + 168, column.right, y + 168 + _TALL), _TALL / 2, colour, until=until)
        canvas.line(x, y + 194, "0 %", 20, MUTED)
        canvas.line(column.right, y + 194, "100 %", 20, MUTED, anchor="ra")
    interval = interval_text(measurement)
    if interval:
        canvas.line(x, y + 226, interval, 26, TEXT)
