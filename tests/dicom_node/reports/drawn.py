"""What was written on pictures, caught on its way."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from dicom_node.reports.canvas import Canvas, drawable, font


@dataclass
class Drawn:
    """Lines of text on full pages; `outside` are those that do not lie wholly on their page."""

    lines: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(self.lines)


def catch(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    drawn, original = Drawn(), Canvas.line

    def line(self: Canvas, *args: Any, **how: Any) -> None:
        x, y, text, size, _colour = args
        if self.drawn:
            drawn.lines.append(text)
            left, top, right, bottom = font(size).getbbox(drawable(text), anchor=how.get("anchor", "la"))
            inside = x + left >= 0 and y + top >= 0 and x + right <= self.width and y + bottom <= self.image.height
            if text and not inside:
                drawn.outside.append(text)
        original(self, *args, **how)

    monkeypatch.setattr(Canvas, "line", line)
    return drawn
