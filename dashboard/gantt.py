"""The timeline of a job as bars: lengths as they are, in percent of the whole, drawn by the template as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from db.timeline import Span

LEAST = 0.4  # percent; what took no time to speak of is still seen

MEANING = {
    "receive": "first to last image",
    "quiet": "until the study counted as complete",
    "intake": "until the job was opened",
    "queue": "until a worker took it",
    "attempts": "attempts that failed",
    "store": "until result and objects were kept",
    "run": "decoding, inference and objects",
    "deliver": "until a sender took the objects",
    "send": "until the last object was taken",
    "confirm": "until the destination confirmed all",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One span. left and width: percent of the whole."""

    name: str
    meaning: str
    destination: str | None
    seconds: float
    left: float
    width: float


def bars(spans: Sequence[Span]) -> list[Bar]:
    """The bars, in the spans' order."""
    if not spans:
        return []
    begin = min(span.began for span in spans)
    end = max(span.began + timedelta(seconds=span.seconds) for span in spans)
    whole = max((end - begin).total_seconds(), 1e-3)
    return [
        _bar(span, (span.began - begin).total_seconds() / whole * 100, span.seconds / whole * 100) for span in spans
    ]


def _bar(span: Span, left: float, width: float) -> Bar:
    width = min(max(width, LEAST), 100.0)
    return Bar(
        name=span.name,
        meaning=MEANING.get(span.name, ""),
        destination=span.destination,
        seconds=span.seconds,
        left=round(min(left, 100.0 - width), 3),
        width=round(width, 3),
    )
