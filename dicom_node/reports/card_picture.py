"""The summary card: what the model says, at a glance, on one page.

The page is drawn from the model card, the outcome and the time alone: no header reaches it, so no name, ID or birth
date can. Identity lives in the object's header, where a later merge of patients can mend it.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from dicom_node.reports.canvas import Canvas, Column, drawable, fitting, text_width, wrap
from dicom_node.reports.colours import BANNER, MUTED, NEUTRAL, PANEL, STRATUM, TEXT, TRACK, WARNING, Colour
from dicom_node.reports.wording import (
    interval_text,
    moment_text,
    number_text,
    own_notes,
    stratum_of,
    unit_text,
    value_text,
    weights_text,
)
from screening.card import ModelCard
from screening.codes import CLASS_ACTIVATION
from screening.findings import Findings, Measurement, NotEvaluable, Outcome

BANNER_HEIGHT = 72
_MARGIN = 56
_WIDTHS = range(1280, 2081, 80)  # of pages 4:3; the smallest on which everything fits is taken
_FOOTER = 104
_NUMBER = 148  # font size of the headline value


def draw_card(card: ModelCard, outcome: Outcome, inferred_at: datetime) -> npt.NDArray[np.uint8]:
    """The card of an outcome: uint8 (rows, columns, 3).

    A page grows with its text: as a whole first, because a tall page is shown small, then in height alone.
    """
    for width in _WIDTHS:
        needed = _compose(Canvas(width), card, outcome) + _FOOTER + BANNER_HEIGHT
        if needed <= width * 3 // 4:
            break
    canvas = Canvas(width, max(width * 3 // 4, needed))
    _compose(canvas, card, outcome)
    _footer(canvas, card, inferred_at)
    return canvas.pixels()


def draw_banner(canvas: Canvas, card: ModelCard, top: int) -> None:
    """The evidence banner over the full width."""
    background, colour = BANNER[card.evidence]
    canvas.box((0, top, canvas.width, top + BANNER_HEIGHT), background)
    size = fitting(card.banner, 36, canvas.width - 2 * _MARGIN)
    canvas.line(canvas.width / 2, top + BANNER_HEIGHT / 2, card.banner, size, colour, bold=True, anchor="mm")


def _compose(canvas: Canvas, card: ModelCard, outcome: Outcome) -> int:
    """Everything above the footer; returns the y below it."""
    page = Column(canvas, _MARGIN, canvas.width - 2 * _MARGIN)
    draw_banner(canvas, card, 0)
    y = page.paragraph(BANNER_HEIGHT + 30, card.title, 46, TEXT, bold=True)
    y = page.paragraph(y, "AI screening result from a routine image", 24, MUTED) + 18
    if isinstance(outcome, NotEvaluable):
        y = _refusal(page, y, outcome)
    else:
        y = _headline(page, y, outcome)
        y = page.paragraph(y + 24, outcome.conclusion, 32, TEXT)
        y = _others(page, y, outcome)
    remarks = _notes(card, outcome) if isinstance(outcome, Findings) else ()
    left, right = _halves(page) if remarks and card.limits else (page, page)
    return max(_remarks(left, y + 10, "Remarks", remarks, TEXT), _remarks(right, y + 10, "Limits", card.limits, MUTED))


def _halves(page: Column) -> tuple[Column, Column]:
    half = (page.width - 40) // 2
    return page.inset(0, page.width - half), page.inset(page.width - half)


def _panel(page: Column, top: int, bottom: int, colour: Colour) -> None:
    page.canvas.rounded((page.x, top, page.right, bottom), 18, PANEL)
    page.canvas.rounded((page.x, top, page.x + 10, bottom), 5, colour)


def _headline(page: Column, y: int, findings: Findings) -> int:
    """The headline value with its interval, stratum and risk bar, on a panel."""
    headline, stratum = findings.groups[0].measurements[0], stratum_of(findings)
    colour = STRATUM.get(stratum.value.value, NEUTRAL) if stratum else NEUTRAL
    inner, canvas = page.inset(36, 36), page.canvas
    word = drawable(stratum.value.meaning).upper() if stratum else ""
    pill_width = max(text_width(word, 40, bold=True) + 64, 190) if stratum else 0
    name = inner.inset(0, pill_width + 24)
    percent = headline.unit.value == "%"
    base = y + 26 + 36 * len(wrap(headline.name.meaning, 28, name.width)) + 136
    interval = interval_text(headline)
    number, unit = drawable(number_text(headline.value, headline.unit.value)), unit_text(headline)
    right = inner.x + text_width(number, _NUMBER) + 14
    beside = right + text_width(unit, 68) + 48
    below = bool(interval) and beside + text_width(interval, 32) > inner.right
    foot = base + (44 if below else 0)
    bottom = foot + (134 if percent else 40)
    _panel(page, y, bottom, colour)
    name.paragraph(y + 26, headline.name.meaning, 28, MUTED, leading=36 / 28)
    canvas.line(inner.x - 6, base, number, _NUMBER, colour, bold=True, anchor="ls")
    canvas.line(right, base, unit, 68, colour, anchor="ls")
    if interval:
        place = (inner.x, base + 44) if below else (beside, base)
        canvas.line(*place, interval, 32, TEXT, anchor="ls")
        if not below:
            canvas.line(beside, base - 40, "interval", 24, MUTED, anchor="ls")
    if stratum is not None:
        _pill(canvas, (inner.right - pill_width, y + 28, inner.right, y + 98), word, colour)
    if percent:
        _risk_bar(inner, foot + 44, headline, colour)
    return bottom


def _pill(canvas: Canvas, box: tuple[int, int, int, int], word: str, colour: Colour) -> None:
    """The stratum as a word on its colour."""
    left, top, right, bottom = box
    canvas.rounded(box, (bottom - top) / 2, colour)
    canvas.line((left + right) / 2, (top + bottom) / 2, word, 40, (12, 14, 18), bold=True, anchor="mm")
    canvas.line((left + right) / 2, bottom + 24, "risk stratum", 24, MUTED, anchor="mm")


def _risk_bar(area: Column, y: int, headline: Measurement, colour: Colour) -> None:
    """0 to 100 %, linear: a low risk shall look low."""
    canvas, x = area.canvas, area.x

    def at(value: float) -> float:
        return x + area.width * min(max(value, 0.0), 100.0) / 100

    tall = 26
    canvas.rounded((x, y, area.right, y + tall), tall / 2, TRACK)
    canvas.rounded((x, y, area.right, y + tall), tall / 2, colour, until=at(headline.value))
    if headline.low is not None and headline.high is not None:
        low, high = at(headline.low), at(headline.high)
        canvas.box((low, y + tall + 10, high, y + tall + 13), TEXT)
        for end in (low, high):
            canvas.box((end - 1.5, y + tall + 5, end + 1.5, y + tall + 18), TEXT)
    marker = min(max(at(headline.value), x + 4), area.right - 4)
    canvas.rounded((marker - 4, y - 8, marker + 4, y + tall + 8), 4, TEXT)
    for percent, anchor in ((0, "la"), (25, "ma"), (50, "ma"), (75, "ma"), (100, "ra")):
        canvas.line(at(percent), y + tall + 24, f"{percent} %", 22, MUTED, anchor=anchor)


def _others(page: Column, y: int, findings: Findings) -> int:
    """Every other value in two columns; how much heat lies where is told on the overlay, beside the heat."""
    rows = [
        (measurement, group.tracking_identifier if index else "")
        for index, group in enumerate(findings.groups)
        for measurement in group.measurements
        if group.finding.value != CLASS_ACTIVATION.value
    ]
    rows = [row for row in rows if row[0] is not findings.groups[0].measurements[0]]
    if not rows:
        return y
    y, columns = y + 18, _halves(page)
    for start in range(0, len(rows), 2):
        pairs = zip(columns, rows[start : start + 2], strict=False)
        y = max(_row(column, y, *row) for column, row in pairs) + 8
    return y


def _row(column: Column, y: int, measurement: Measurement, group: str) -> int:
    """Name at the left, value at the right, the interval below the value."""
    value, interval = value_text(measurement), interval_text(measurement)
    column.canvas.box((column.x, y, column.right, y + 1), TRACK)
    column.canvas.line(column.right, y + 12, value, 26, TEXT, bold=True, anchor="ra")
    bottom = y + 47
    if interval:
        column.canvas.line(column.right, y + 44, interval, 22, MUTED, anchor="ra")
        bottom = y + 74
    taken = 28 + max(text_width(drawable(value), 26, bold=True), text_width(drawable(interval), 22))
    label = f"{group}: {measurement.name.meaning}" if group else measurement.name.meaning
    return max(bottom, column.inset(0, taken).paragraph(y + 14, label, 23, MUTED))


def _notes(card: ModelCard, findings: Findings) -> tuple[str, ...]:
    distance = findings.out_of_distribution
    notes = own_notes(card, findings)
    if distance is None:
        return notes
    return (*notes, f"Distance of this image from the training images: {distance:.2f} (usual is up to 1).")


def _remarks(page: Column, y: int, title: str, texts: Sequence[str], colour: Colour) -> int:
    if not texts:
        return y
    y = page.paragraph(y + 6, title.upper(), 20, NEUTRAL, bold=True) + 4
    for text in texts:
        y = page.bullet(y, text, 24, colour)
    return y + 12


def _refusal(page: Column, y: int, outcome: NotEvaluable) -> int:
    """Why there is no value, on a panel as prominent as a value would be."""
    inner = page.inset(36, 36)
    reason = outcome.reason[:1].upper() + outcome.reason[1:]
    lines = len(wrap(reason, 34, inner.width))
    _panel(page, y, y + 146 + 46 * lines + 62, WARNING)
    page.canvas.line(inner.x - 4, y + 108, "Not evaluable", 88, WARNING, bold=True, anchor="ls")
    below = inner.paragraph(y + 146, reason, 34, TEXT, leading=46 / 34)
    page.canvas.line(inner.x, below + 8, f"Reason code: {outcome.code}", 22, MUTED)
    y = below + 62 + 24
    return page.paragraph(y, "No value was computed. That says nothing about the patient's risk.", 30, TEXT)


def _footer(canvas: Canvas, card: ModelCard, inferred_at: datetime) -> None:
    bottom = canvas.image.height - BANNER_HEIGHT
    draw_banner(canvas, card, bottom)
    model = (
        f"{card.name} {card.version}   weights {weights_text(card.weights_sha256)}   evidence: {card.evidence.value}"
    )
    y = bottom - _FOOTER + 10
    canvas.box((_MARGIN, y, canvas.width - _MARGIN, y + 1), TRACK)
    canvas.line(_MARGIN, y + 16, model, fitting(model, 22, canvas.width - 2 * _MARGIN), MUTED)
    canvas.line(_MARGIN, y + 50, f"Computed {moment_text(inferred_at)}   Unverified machine result", 22, MUTED)
