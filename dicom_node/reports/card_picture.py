"""The summary card: what the model says, at a glance, on one page.

The page is drawn from the model card, the outcome and the time alone: no header reaches it, so no name, ID or birth
date can. Identity lives in the object's header, where a later merge of patients can mend it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from dicom_node.reports.canvas import Canvas, Column, drawable, fitting, text_width, wrap
from dicom_node.reports.colours import BANNER, MUTED, NEUTRAL, STRATUM, TEXT, TRACK, WARNING, Colour
from dicom_node.reports.panels import draw_panel, draw_pill, horizons_panel
from dicom_node.reports.strips import draw_strips, strips_of
from dicom_node.reports.wording import (
    NO_VALUE,
    common_meaning,
    headline_meaning,
    headline_of,
    horizon_text,
    interval_text,
    moment_text,
    needs_text,
    number_text,
    own_notes,
    parts,
    stratum_of,
    unit_text,
    value_text,
    weights_text,
)
from screening.card import ModelCard
from screening.codes import CLASS_ACTIVATION
from screening.findings import Findings, Measurement, MeasurementGroup, NotEvaluable, Outcome

BANNER_HEIGHT = 72
_MARGIN = 56
_WIDTHS = range(1280, 2081, 80)  # of pages 4:3; the smallest on which everything fits is taken
_FOOTER = 104
_NUMBER, _UNIT = 148, 68  # font sizes of the headline value


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
        y = _refusal(page, y, card, outcome)
    else:
        several = len(headline_of(outcome)) > 1
        y = horizons_panel(page, y, outcome) if several else _headline(page, y, outcome)
        y = page.paragraph(y + 24, outcome.conclusion, 32, TEXT)
        y = _others(page, y, outcome)
    remarks = _notes(card, outcome) if isinstance(outcome, Findings) else ()
    left, right = _halves(page) if remarks and card.limits else (page, page)
    return max(_remarks(left, y + 10, "Remarks", remarks, TEXT), _remarks(right, y + 10, "Limits", card.limits, MUTED))


def _halves(page: Column) -> tuple[Column, Column]:
    half = (page.width - 40) // 2
    return page.inset(0, page.width - half), page.inset(page.width - half)


def _headline(page: Column, y: int, findings: Findings) -> int:
    """The headline value with its interval, stratum and risk bar, on a panel."""
    headline, stratum, meaning = findings.groups[0].measurements[0], stratum_of(findings), headline_meaning(findings)
    colour = STRATUM.get(stratum.value.value, NEUTRAL) if stratum else NEUTRAL
    inner, canvas = page.inset(36, 36), page.canvas
    word = drawable(stratum.value.meaning).upper() if stratum else ""
    pill_width = max(text_width(word, 40, bold=True) + 64, 190) if stratum else 0
    name = inner.inset(0, pill_width + 24)
    percent = headline.unit.value == "%"
    base = y + 26 + 36 * len(wrap(meaning, 28, name.width)) + 136
    interval = interval_text(headline)
    pieces = list(_pieces(headline, inner.x))
    beside = pieces[-1].end + 48
    below = bool(interval) and beside + text_width(interval, 32) > inner.right
    foot = base + (44 if below else 0)
    bottom = foot + (134 if percent else 40)
    draw_panel(page, y, bottom, colour)
    name.paragraph(y + 26, meaning, 28, MUTED, leading=36 / 28)
    for piece in pieces:
        canvas.line(piece.start - 6, base, piece.number, _NUMBER, colour, bold=True, anchor="ls")
        canvas.line(piece.unit_start, base, piece.unit, _UNIT, colour, anchor="ls")
    if interval:
        place = (inner.x, base + 44) if below else (beside, base)
        canvas.line(*place, interval, 32, TEXT, anchor="ls")
        if not below:
            canvas.line(beside, base - 40, "interval", 24, MUTED, anchor="ls")
    if stratum is not None:
        draw_pill(canvas, (inner.right - pill_width, y + 28, inner.right, y + 98), word, colour)
    if percent:
        _risk_bar(inner, foot + 44, headline, colour)
    return bottom


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    """A number of the headline and its unit, with where they stand."""

    number: str
    unit: str
    start: int
    unit_start: int
    end: int


def _pieces(headline: Measurement, x: int) -> Iterator[_Piece]:
    """Number and unit from left to right: an age has two of each."""
    for number, unit in parts(headline):
        shown = drawable(number)
        after = x + text_width(shown, _NUMBER) + 14
        end = after + text_width(unit, _UNIT)
        yield _Piece(number=shown, unit=unit, start=x, unit_start=after, end=end)
        x = end + 36


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
    strips = strips_of(findings)
    shown = (*headline_of(findings), *(measurement for strip in strips for _, measurement in strip.cells))
    rows = [
        row
        for index, group in enumerate(findings.groups)
        if group.finding.value != CLASS_ACTIVATION.value
        for row in _rows(group, group.tracking_identifier if index else "", shown)
    ]
    if strips:
        y = draw_strips(page, y + 18, strips)
    if not rows:
        return y
    y, columns = y + 18, _halves(page)
    for start in range(0, len(rows), 2):
        pairs = zip(columns, rows[start : start + 2], strict=False)
        y = max(_row(column, y, *row) for column, row in pairs) + 8
    return y


def _rows(group: MeasurementGroup, name: str, shown: Sequence[Measurement]) -> Iterator[tuple[str, str, str]]:
    """Label, value and interval of each measurement; risks of several times ahead take one row together."""
    rest = [measurement for measurement in group.measurements if not any(measurement is one for one in shown)]
    ahead = [measurement for measurement in rest if measurement.horizon_days is not None]
    if len(ahead) > 1:
        times = " / ".join(horizon_text(measurement.horizon_days or 0).split()[0] for measurement in ahead)
        last = horizon_text(ahead[-1].horizon_days or 0).split()[-1]
        values = " / ".join(number_text(measurement.value, measurement.unit.value) for measurement in ahead)
        label = f"{common_meaning(ahead)}, {times} {last}"
        yield (f"{name}: {label}" if name else label), f"{values} {unit_text(ahead[0])}".rstrip(), ""
        rest = [measurement for measurement in rest if measurement.horizon_days is None]
    for measurement in rest:
        label = f"{name}: {measurement.title}" if name else measurement.title
        yield label, value_text(measurement), interval_text(measurement)


def _row(column: Column, y: int, label: str, value: str, interval: str) -> int:
    """Name at the left, value at the right, the interval below the value."""
    column.canvas.box((column.x, y, column.right, y + 1), TRACK)
    column.canvas.line(column.right, y + 12, value, 26, TEXT, bold=True, anchor="ra")
    bottom = y + 47
    if interval:
        column.canvas.line(column.right, y + 44, interval, 22, MUTED, anchor="ra")
        bottom = y + 74
    taken = 28 + max(text_width(drawable(value), 26, bold=True), text_width(drawable(interval), 22))
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


def _refusal(page: Column, y: int, card: ModelCard, outcome: NotEvaluable) -> int:
    """Why there is no value, on a panel as prominent as a value would be."""
    inner = page.inset(36, 36)
    reason = outcome.reason[:1].upper() + outcome.reason[1:]
    lines = len(wrap(reason, 34, inner.width))
    draw_panel(page, y, y + 146 + 46 * lines + 62, WARNING)
    page.canvas.line(inner.x - 4, y + 108, "Not evaluable", 88, WARNING, bold=True, anchor="ls")
    below = inner.paragraph(y + 146, reason, 34, TEXT, leading=46 / 34)
    page.canvas.line(inner.x, below + 8, f"Reason code: {outcome.code}", 22, MUTED)
    y = below + 62 + 24
    y = page.paragraph(y, NO_VALUE, 30, TEXT)
    return page.paragraph(y + 8, needs_text(card), 26, MUTED)


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
