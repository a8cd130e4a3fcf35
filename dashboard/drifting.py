"""What a model's outputs were like, by week and by scanner: quantiles and shares, where there are enough."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from db.drift import Headline, Output

LEAST = 20
"""Studies below which no quantile and no share is told: with 20, one study is 5 %."""

SCANNERS = 12  # told one by one, those with the most studies
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """Quantiles (linear between neighbours: type 7 of Hyndman and Fan 1996) and mean of the headline, in its unit."""

    p5: float
    p25: float
    p50: float
    p75: float
    p95: float
    mean: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def percent(self) -> float | None:
        """In percent; None: too few to tell one."""
        return None if self.whole < LEAST else 100 * self.part / self.whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One week, one scanner, or all of it."""

    studies: int
    evaluable: int
    spread: Spread | None  #: None: fewer than LEAST were evaluable
    not_evaluable: Share  #: of the studies
    codes: dict[str, int]  #: why not, the most frequent first
    positive: Share  #: of those with a risk stratum
    beyond: Share  #: of those with a distance: farther from the training data than 99 % of validation


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanner:
    """One scanner, whole and by week."""

    name: str
    whole: Cell
    weeks: tuple[tuple[date, Cell], ...]  #: those with a study


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """All of it. Weeks are those in which results were stored, by their Monday in this computer's time zone."""

    headline: Headline | None  #: one of them, for its name and unit; None: none was evaluable
    others: int  #: results with another headline, e.g. of an earlier version: not in any spread
    versions: dict[str, int]
    whole: Cell
    weeks: tuple[tuple[date, Cell], ...]  #: every week of the window
    scanners: tuple[Scanner, ...]
    further_scanners: int  #: that have no lines of their own


def begin(now: datetime, weeks: int) -> datetime:
    """Monday, midnight, of the first of so many weeks of which the last is now's."""
    monday = _monday(now) - timedelta(weeks=weeks - 1)
    return datetime.combine(monday, datetime.min.time()).astimezone()


def drift(outputs: Sequence[Output], *, since: datetime, weeks: int) -> Drift:
    """Sum up. Of a study that has several results the newest counts."""
    newest = {item.study_instance_uid: item for item in sorted(outputs, key=lambda item: item.at)}
    kept = list(newest.values())
    codes = Counter(item.headline.code for item in kept if item.headline is not None)
    code = codes.most_common(1)[0][0] if codes else ""
    by_week, by_scanner = _grouped(kept)
    mondays = [_monday(since) + timedelta(weeks=number) for number in range(weeks)]
    ranked = sorted(by_scanner.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return Drift(
        headline=next((item.headline for item in kept if item.headline and item.headline.code == code), None),
        others=codes.total() - codes[code],
        versions=dict(Counter(item.version for item in kept).most_common()),
        whole=cell(kept, code),
        weeks=tuple((monday, cell(by_week.get(monday, []), code)) for monday in mondays),
        scanners=tuple(_scanner(name, items, code) for name, items in ranked[:SCANNERS]),
        further_scanners=max(len(ranked) - SCANNERS, 0),
    )


def cell(outputs: Sequence[Output], code: str) -> Cell:
    """Sum up some outputs. code: of the headline whose values are told."""
    refused = [item.code for item in outputs if item.code is not None]
    graded = [item.high for item in outputs if item.high is not None]
    distances = [item.out_of_distribution for item in outputs if item.out_of_distribution is not None]
    values = [item.headline.value for item in outputs if item.headline is not None and item.headline.code == code]
    return Cell(
        studies=len(outputs),
        evaluable=len(outputs) - len(refused),
        spread=_spread(values),
        not_evaluable=Share(part=len(refused), whole=len(outputs)),
        codes=dict(Counter(refused).most_common()),
        positive=Share(part=sum(graded), whole=len(graded)),
        beyond=Share(part=sum(distance > 1 for distance in distances), whole=len(distances)),
    )


def _spread(values: Sequence[float]) -> Spread | None:
    if len(values) < LEAST:
        return None
    p5, p25, p50, p75, p95 = (float(value) for value in np.quantile(values, QUANTILES))
    return Spread(p5=p5, p25=p25, p50=p50, p75=p75, p95=p95, mean=float(np.mean(values)))


def _grouped(outputs: Iterable[Output]) -> tuple[dict[date, list[Output]], dict[str, list[Output]]]:
    by_week: dict[date, list[Output]] = {}
    by_scanner: dict[str, list[Output]] = {}
    for item in outputs:
        by_week.setdefault(_monday(item.at), []).append(item)
        name = " ".join(part for part in (item.manufacturer, item.scanner) if part)
        by_scanner.setdefault(name or "not told by its images", []).append(item)
    return by_week, by_scanner


def _scanner(name: str, outputs: Sequence[Output], code: str) -> Scanner:
    by_week, _ = _grouped(outputs)
    weeks = tuple((monday, cell(items, code)) for monday, items in sorted(by_week.items()))
    return Scanner(name=name, whole=cell(outputs, code), weeks=weeks)


def _monday(at: datetime) -> date:
    day = at.astimezone().date()
    return day - timedelta(days=day.weekday())
