"""Charts with a column for each week, as geometry that the template draws as SVG. Units are those of its viewBox."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from dashboard.drifting import Spread

WIDTH, LEFT, TOP, BOTTOM = 1200.0, 56.0, 10.0, 22.0
WIDEST = 34.0  # of a box or bar
LABELS = 13  # weeks that are named, at most


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A place with words: a line across at y, or a name below at x."""

    at: float
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """The spread of one week: whiskers from 5 to 95 %, a box between the quartiles, lines at median and mean."""

    x: float  #: its middle
    left: float
    width: float
    p5: float
    p25: float
    p50: float
    p75: float
    p95: float
    mean: float
    title: str

    @property
    def height(self) -> float:
        """Of the box."""
        return round(self.p25 - self.p75, 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A share of one week."""

    left: float
    width: float
    top: float
    height: float
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """What is drawn, in a viewBox of `WIDTH` and this height."""

    height: float
    base: float  #: y of the lowest line
    ticks: tuple[Mark, ...]
    weeks: tuple[Mark, ...]
    boxes: tuple[Box, ...] = ()
    bars: tuple[Bar, ...] = ()
    reference: tuple[Mark, ...] = ()


def boxes(weeks: Sequence[tuple[date, Spread | None]], reference: dict[str, float], *, height: float = 280) -> Chart:
    """The spreads of weeks; a week without one stays empty. reference: means to be drawn across, by name."""
    told = [spread for _, spread in weeks if spread is not None]
    values = [value for spread in told for value in (spread.p5, spread.p95, spread.mean)]
    y, ticks = _scale([*values, *reference.values()] if told else [0.0, 1.0], height, count=5)
    drawn = []
    for number, (monday, spread) in enumerate(weeks):
        if spread is None:
            continue
        x, width = _column(number, len(weeks))
        drawn.append(
            Box(
                x=round(x, 2), left=round(x - width / 2, 2), width=round(width, 2), p5=y(spread.p5), p25=y(spread.p25),
                p50=y(spread.p50), p75=y(spread.p75), p95=y(spread.p95), mean=y(spread.mean),
                title=f"{monday}: median {spread.p50:.4g}, quartiles {spread.p25:.4g} to {spread.p75:.4g},"
                f" 5 to 95 % {spread.p5:.4g} to {spread.p95:.4g}, mean {spread.mean:.4g}",
            )
        )  # fmt: skip
    lines = tuple(Mark(at=y(value), text=name) for name, value in reference.items()) if told else ()
    return Chart(
        height=height, base=height - BOTTOM, ticks=ticks, weeks=_names([monday for monday, _ in weeks]),
        boxes=tuple(drawn), reference=lines,
    )  # fmt: skip


def bars(weeks: Sequence[tuple[date, float | None]], *, height: float = 90) -> Chart:
    """Shares of weeks, percent, from 0; a week without one stays empty."""
    told = [value for _, value in weeks if value is not None]
    y, ticks = _scale([0.0, max([1.0, *told])], height, count=2)
    base, drawn = height - BOTTOM, []
    for number, (monday, value) in enumerate(weeks):
        if value is None:
            continue
        x, width = _column(number, len(weeks))
        top = y(value)
        drawn.append(
            Bar(
                left=round(x - width / 2, 2), width=round(width, 2), top=top, height=round(base - top, 2),
                title=f"{monday}: {value:.1f} %",
            )
        )  # fmt: skip
    return Chart(
        height=height, base=base, ticks=ticks, weeks=_names([monday for monday, _ in weeks]), bars=tuple(drawn)
    )


def _column(number: int, of: int) -> tuple[float, float]:
    """Middle and width of what stands for a week."""
    step = (WIDTH - LEFT) / max(of, 1)
    return LEFT + (number + 0.5) * step, min(0.6 * step, WIDEST)


def _names(mondays: Sequence[date]) -> tuple[Mark, ...]:
    every = math.ceil(len(mondays) / LABELS)
    return tuple(
        Mark(at=round(_column(number, len(mondays))[0], 2), text=f"{monday:%m-%d}")
        for number, monday in enumerate(mondays)
        if number % every == 0
    )


class _Scale:
    """Values to y."""

    def __init__(self, low: float, high: float, height: float) -> None:
        self._low, self._per_unit, self._base = low, (height - TOP - BOTTOM) / (high - low), height - BOTTOM

    def __call__(self, value: float) -> float:
        return round(self._base - (value - self._low) * self._per_unit, 2)


def _scale(values: Iterable[float], height: float, *, count: int) -> tuple[_Scale, tuple[Mark, ...]]:
    """A scale from one round number to another, with some between."""
    found = list(values)
    low, high = min(found), max(found)
    if low >= 0 and low < 0.5 * high:
        low = 0.0
    step = _round_step((high - low or abs(high) or 1.0) / count)
    first, last = math.floor(low / step), math.ceil(high / step)
    last += first == last
    y = _Scale(first * step, last * step, height)
    return y, tuple(Mark(at=y(number * step), text=f"{number * step:.6g}") for number in range(first, last + 1))


def _round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten, not below."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))
