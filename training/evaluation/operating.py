"""What a threshold means: rules that choose one, counts and shares at it, and the comparison of two tests."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from training.evaluation.discrimination import roc_curve
from training.evaluation.interval import Z95, Interval, flags, score_and_event


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """count of total, with Wilson's 95 % interval; None when total is 0."""

    count: int
    total: int
    interval: Interval | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatingPoint:
    """The fourfold table of a test, and its shares."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    sensitivity: Share
    specificity: Share
    ppv: Share
    npv: Share


@dataclass(frozen=True, kw_only=True, slots=True)
class McNemar:
    """Patients whom only one of two tests calls positive, and the exact two-sided p of equal chances."""

    only_first: int
    only_second: int
    p: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Two tests on the same patients."""

    sensitivity: McNemar  #: among events
    specificity: McNemar  #: among non-events; here "only first" are its extra false positives


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """How a threshold is chosen: "youden", "fixed:0.7" or "match_sensitivity:CURB65"."""

    kind: str
    value: float | None = None  #: of fixed
    comparator: str | None = None  #: of match_sensitivity


def parse_rule(text: str) -> Rule:
    """Rule from its text.

    Raises
    ------
    ValueError
        If the text is none of the three forms.
    """
    kind, _, rest = text.partition(":")
    if kind == "youden" and not rest:
        return Rule(kind=kind)
    if kind == "match_sensitivity" and rest:
        return Rule(kind=kind, comparator=rest)
    if kind == "fixed":
        try:
            value = float(rest)
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            return Rule(kind=kind, value=value)
    raise ValueError(f"rule must be youden, fixed:NUMBER or match_sensitivity:COMPARATOR, got {text!r}")


def youden(score: npt.ArrayLike, event: npt.ArrayLike) -> float:
    """Threshold with the largest sensitivity + specificity (Youden 1950); the highest of equals.

    Chosen on the cohort it is then judged on, it flatters: say so beside it.

    Raises
    ------
    ValueError
        If there is no event or no non-event.
    """
    curve = roc_curve(score, event)
    gain = (curve.true_positive_rate - curve.false_positive_rate)[1:]
    best = np.flatnonzero(gain >= gain.max() - 1e-12)[0]  # equal up to rounding
    return float(curve.threshold[1:][best])


def match_sensitivity(score: npt.ArrayLike, event: npt.ArrayLike, comparator_positive: npt.ArrayLike) -> float:
    """The highest threshold whose sensitivity is at least the comparator's: what is left to compare is specificity.

    `comparator_positive`: (N,) the comparator's call at its own cut-off.

    Raises
    ------
    ValueError
        If there is no event or no non-event, or lengths differ.
    """
    s, y = score_and_event(score, event)
    wanted = int((flags("comparator_positive", comparator_positive, s.size) & y).sum())
    descending = np.sort(s[y])[::-1]
    # found among the events' scores: at a higher threshold fewer events than wanted are positive
    return float(descending[max(wanted, 1) - 1]) if wanted else float(np.nextafter(s.max(), np.inf))


def operating_point(positive: npt.ArrayLike, event: npt.ArrayLike) -> OperatingPoint:
    """Counts and shares of an (N,) call against the (N,) outcome.

    Raises
    ------
    ValueError
        If lengths differ or something is neither 0 nor 1.
    """
    call = flags("positive", positive)
    y = flags("event", event, call.size)
    tp, fp = int((call & y).sum()), int((call & ~y).sum())
    fn, tn = int((~call & y).sum()), int((~call & ~y).sum())
    return OperatingPoint(
        true_positive=tp, false_positive=fp, false_negative=fn, true_negative=tn, sensitivity=share(tp, tp + fn),
        specificity=share(tn, tn + fp), ppv=share(tp, tp + fp), npv=share(tn, tn + fn),
    )  # fmt: skip


def share(count: int, total: int) -> Share:
    """A share with Wilson's score interval (Wilson 1927, without continuity correction)."""
    if total == 0:
        return Share(count=count, total=total, interval=None)
    p, z2 = count / total, Z95 * Z95
    centre = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = Z95 / (1 + z2 / total) * math.sqrt(p * (1 - p) / total + z2 / (4 * total * total))
    low = 0.0 if count == 0 else centre - half  # exactly, not up to rounding
    high = 1.0 if count == total else centre + half
    return Share(count=count, total=total, interval=Interval(value=p, low=low, high=high))


def compare(first: npt.ArrayLike, second: npt.ArrayLike, event: npt.ArrayLike) -> Comparison:
    """Sensitivity and specificity of two (N,) calls on the same patients (McNemar 1947, exact binomial).

    Raises
    ------
    ValueError
        If lengths differ or something is neither 0 nor 1.
    """
    a = flags("first", first)
    b = flags("second", second, a.size)
    y = flags("event", event, a.size)
    return Comparison(
        sensitivity=_mcnemar(int((a & ~b & y).sum()), int((b & ~a & y).sum())),
        specificity=_mcnemar(int((a & ~b & ~y).sum()), int((b & ~a & ~y).sum())),
    )


def _mcnemar(only_first: int, only_second: int) -> McNemar:
    discordant = only_first + only_second
    p = float(stats.binomtest(only_first, discordant).pvalue) if discordant else 1.0
    return McNemar(only_first=only_first, only_second=only_second, p=p)
