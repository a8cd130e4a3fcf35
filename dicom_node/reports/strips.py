"""The same value at several places, side by side on the card: a spine reads from level to level."""

from collections.abc import Sequence
from dataclasses import dataclass

from dicom_node.reports.canvas import Column
from dicom_node.reports.colours import MUTED, TEXT, TRACK
from dicom_node.reports.wording import value_text
from screening.codes import VERTEBRAE
from screening.findings import Findings, Measurement, MeasurementGroup

FEWEST = 3  # places that make a strip
_TALL = 104  # of a strip, pixels
_DOWN = [code.value for code in VERTEBRAE.values()]  # from the head down


@dataclass(frozen=True, kw_only=True, slots=True)
class Strip:
    """One kind of value at several places."""

    title: str
    cells: tuple[tuple[str, Measurement], ...]  #: the place, in a word, and its value


def strips_of(findings: Findings) -> list[Strip]:
    """Values that at least three groups have, one each; vertebrae from the head down, other places as they come."""
    found: dict[str, list[tuple[MeasurementGroup, Measurement]]] = {}
    for group in findings.groups[1:]:
        if group.site.value in _DOWN:
            for measurement in group.measurements:
                found.setdefault(f"{group.finding.value} {measurement.title}", []).append((group, measurement))
    return [_strip(cells) for cells in found.values() if len(cells) >= FEWEST]


def _strip(cells: list[tuple[MeasurementGroup, Measurement]]) -> Strip:
    ordered = sorted(cells, key=lambda cell: _DOWN.index(cell[0].site.value))
    group, measurement = ordered[0]
    what = group.tracking_identifier.partition(" ")[2]
    return Strip(
        title=f"{measurement.title}, {what}" if what else measurement.title,
        cells=tuple((group.site.meaning.split()[0], one) for group, one in ordered),
    )


def draw_strips(page: Column, y: int, strips: Sequence[Strip]) -> int:
    """Each strip over the width of the page; returns the y below."""
    for strip in strips:
        page.canvas.box((page.x, y, page.right, y + 1), TRACK)
        page.canvas.line(page.x, y + 12, strip.title, 23, MUTED)
        width = page.width / len(strip.cells)
        for index, (place, measurement) in enumerate(strip.cells):
            x = page.x + index * width
            page.canvas.line(x, y + 48, place, 22, MUTED)
            page.canvas.line(x + 52, y + 46, value_text(measurement), 26, TEXT, bold=True)
        y += _TALL - 8
    return y
