"""A page to draw on: wrapped text that is never cut off, and shapes with smooth edges."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from dicom_node.reports.colours import BACKGROUND, Colour

_SMOOTH = 4  # shapes are drawn this much larger and reduced: Pillow draws hard edges
_PLAIN = str.maketrans({
    "\u2264": "<=", "\u2265": ">=", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u00b5": "u", "\u03bc": "u",
    "\u00d7": "x", "\u2022": "-", "\u2192": "->", "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'",
    "\u00df": "ss", "\u00b2": "2", "\u00b3": "3", "\u2026": "...", "\t": " ",
})  # fmt: skip


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own scalable font, so that a picture looks the same on every machine."""
    loaded = ImageFont.load_default(size)
    if not isinstance(loaded, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType: pictures cannot be drawn")
    return loaded


def drawable(text: str) -> str:
    """The text in the characters that the font has: others become their nearest, or a question mark."""
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    kept = (c for c in plain if not unicodedata.combining(c))
    return "".join(c if " " <= c <= "~" or c == "\n" else "?" for c in kept)


@lru_cache(maxsize=4096)  # a page is composed several times, once for each width that is tried
def wrap(text: str, size: int, width: int) -> tuple[str, ...]:
    """The text in lines of at most `width` pixels; a word that is longer than a line is broken."""
    lines: list[str] = []
    for paragraph in drawable(text).splitlines() or [""]:
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if text_width(longer, size) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            *full, line = _break(word, size, width)
            lines += full
        lines.append(line)
    return tuple(lines)


def text_width(text: str, size: int, *, bold: bool = False) -> int:
    """Pixels that a line takes."""
    return int(np.ceil(font(size).getlength(text))) + (2 if bold else 0)


def fitting(text: str, size: int, width: int, least: int = 12) -> int:
    """The largest size up to `size` in which the text fits one line, but at least `least`."""
    while size > least and text_width(drawable(text), size, bold=True) > width:
        size -= 1
    return size


class Canvas:
    """An RGB picture of a fixed size. Drawing beyond its edge is silently lost: measure first.

    A canvas without height draws nothing: the same functions that fill a page tell on it how tall they make it.
    """

    def __init__(self, width: int, height: int = 0, background: Colour = BACKGROUND) -> None:
        self.drawn = height > 0
        self.image = Image.new("RGB", (width, max(height, 1)), background)
        self._draw = ImageDraw.Draw(self.image)

    @property
    def width(self) -> int:
        """Columns."""
        return self.image.width

    def line(
        self, x: float, y: float, text: str, size: int, colour: Colour, *, bold: bool = False, anchor: str = "la"
    ) -> None:
        """One line of text at (x, y); `anchor` as Pillow names them."""
        if not self.drawn:
            return
        self._draw.text(
            (x, y), drawable(text), font=font(size), fill=colour, anchor=anchor,
            stroke_width=0.6 if bold else 0, stroke_fill=colour,
        )  # fmt: skip

    def box(self, box: tuple[float, float, float, float], colour: Colour) -> None:
        """A filled rectangle."""
        self._draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=colour)

    def rounded(
        self, box: tuple[float, float, float, float], radius: float, colour: Colour, *, until: float | None = None
    ) -> None:
        """A filled rectangle with rounded corners, cut off straight at the column `until`."""
        left, top = int(np.floor(box[0])), int(np.floor(box[1]))
        size = (int(np.ceil(box[2])) - left, int(np.ceil(box[3])) - top)
        if min(size) < 1 or not self.drawn:
            return
        mask = Image.new("L", (size[0] * _SMOOTH, size[1] * _SMOOTH), 0)
        inner = tuple((v - o) * _SMOOTH for v, o in zip(box, (left, top, left, top), strict=True))
        ImageDraw.Draw(mask).rounded_rectangle(
            (inner[0], inner[1], inner[2] - 1, inner[3] - 1), radius * _SMOOTH, fill=255
        )
        if until is not None:
            mask.paste(0, (max(0, round((until - left) * _SMOOTH)), 0, mask.width, mask.height))
        self.image.paste(colour, (left, top), mask.reduce(_SMOOTH))

    def strokes(
        self,
        lines: Sequence[Sequence[tuple[float, float]]],
        within: tuple[int, int, int, int],
        colour: Colour,
        width: float,
        opacity: float = 1.0,
    ) -> None:
        """Smooth polylines, clipped to a rectangle of the page."""
        left, top, right, bottom = _around(lines, width, within)
        if right <= left or bottom <= top:
            return
        mask = Image.new("L", ((right - left) * 2, (bottom - top) * 2), 0)
        draw = ImageDraw.Draw(mask)
        for points in lines:
            scaled = [((x - left) * 2, (y - top) * 2) for x, y in points]
            draw.line(scaled, fill=round(255 * opacity), width=max(1, round(width * 2)), joint="curve")
        self.image.paste(colour, (left, top), mask.reduce(2))

    def picture(self, left: int, top: int, pixels: npt.NDArray[np.uint8]) -> None:
        """Paste uint8 (h, w, 3)."""
        self.image.paste(Image.fromarray(pixels), (left, top))

    def pixels(self) -> npt.NDArray[np.uint8]:
        """uint8 (rows, columns, 3)."""
        return np.asarray(self.image, dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a page. What writes into it returns the y below what was written."""

    canvas: Canvas
    x: int
    width: int

    @property
    def right(self) -> int:
        """Its right edge."""
        return self.x + self.width

    def inset(self, left: int, right: int = 0) -> "Column":
        """The column without a strip at its left and right."""
        return Column(self.canvas, self.x + left, self.width - left - right)

    def paragraph(
        self, y: int, text: str, size: int, colour: Colour, *, bold: bool = False, leading: float = 1.35
    ) -> int:
        """Wrapped text."""
        for part in wrap(text, size, self.width - (2 if bold else 0)):
            self.canvas.line(self.x, y, part, size, colour, bold=bold)
            y += round(size * leading)
        return y

    def bullet(self, y: int, text: str, size: int, colour: Colour) -> int:
        """A paragraph with a hanging bullet."""
        radius = max(2, size // 8)
        top = y + size * 0.6 - radius
        self.canvas.rounded((self.x, top, self.x + 2 * radius, top + 2 * radius), radius, colour)
        return self.inset(size).paragraph(y, text, size, colour) + size // 4


def _around(
    lines: Sequence[Sequence[tuple[float, float]]], width: float, within: tuple[int, int, int, int]
) -> tuple[int, int, int, int]:
    """The part of a rectangle that strokes may reach: a picture is large, and what is drawn on it small."""
    points = [point for line in lines for point in line]
    if not points:
        return (0, 0, 0, 0)
    room = int(width) + 2
    low = [int(min(point[axis] for point in points)) - room for axis in (0, 1)]
    high = [int(max(point[axis] for point in points)) + room + 1 for axis in (0, 1)]
    left, top, right, bottom = within
    return max(left, low[0]), max(top, low[1]), min(right, high[0]), min(bottom, high[1])


def _break(word: str, size: int, width: int) -> list[str]:
    pieces, piece = [], ""
    for character in word:
        if piece and text_width(piece + character, size) > width:
            pieces.append(piece)
            piece = ""
        piece += character
    return [*pieces, piece]
