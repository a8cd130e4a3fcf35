"""How well a risk score orders survival times: Harrell's and Uno's C, in O(N log N)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.evaluation.interval import Bools, Floats, Ints, floats, time_and_event
from training.evaluation.kaplan_meier import censoring_survival


@dataclass(frozen=True, kw_only=True, slots=True)
class Concordance:
    """C and the pairs behind it. A pair is comparable if the one with the shorter time had an event."""

    c: float
    concordant: int  #: pairs in which the shorter time has the higher score
    discordant: int
    tied: int  #: in score; counted half


def harrell_c(time: npt.ArrayLike, event: npt.ArrayLike, score: npt.ArrayLike) -> Concordance:
    """Harrell's C of an (N,) score that is higher for a shorter expected time (Harrell 1982, 1996).

    Who is censored at the time of another's event outlived it; two events at one time are no pair.

    Raises
    ------
    ValueError
        If no pair is comparable.
    """
    t, y, s = _cohort(time, event, score)
    lower, tied, higher = (counts[y] for counts in _outlived_by(t, y, s))
    concordant, ties, discordant = int(lower.sum()), int(tied.sum()), int(higher.sum())
    pairs = concordant + ties + discordant
    if not pairs:
        raise ValueError(f"no comparable pair among {t.size} patients with {int(y.sum())} events")
    c = (concordant + ties / 2) / pairs
    return Concordance(c=c, concordant=concordant, discordant=discordant, tied=ties)


def uno_c(time: npt.ArrayLike, event: npt.ArrayLike, score: npt.ArrayLike, tau: float | None = None) -> float:
    """Uno's C: pairs weighted by 1 / G^2 at the earlier time, which must lie before `tau` (Uno 2011, equation 6).

    Unlike Harrell's it does not depend on how long the study followed its patients. G is estimated from the cohort
    itself. `tau`: in the unit of time; without it all events count.

    Raises
    ------
    ValueError
        If no pair is comparable, or an event (before tau) has no censoring weight.
    """
    t, y, s = _cohort(time, event, score)
    inside = y if tau is None else y & (t < tau)
    weight = _squared_weights(t, y, inside)
    lower, tied, higher = _outlived_by(t, y, s)
    pairs = float(weight @ (lower + tied + higher))
    if pairs <= 0:
        raise ValueError(f"no comparable pair among {t.size} patients with {int(inside.sum())} events before tau")
    return float(weight @ (lower + tied / 2)) / pairs


def _squared_weights(time: Floats, event: Bools, inside: Bools) -> Floats:
    """1 / G(time)^2 of the events `inside`, 0 elsewhere."""
    g = censoring_survival(time, event, time[inside])
    if (g <= 0).any():
        raise ValueError("an event lies where all other follow-up has ended: give an earlier tau")
    weight = np.zeros(time.size)
    weight[inside] = 1 / np.square(g)
    return weight


def _cohort(time: npt.ArrayLike, event: npt.ArrayLike, score: npt.ArrayLike) -> tuple[Floats, Bools, Floats]:
    t, y = time_and_event(time, event)
    return t, y, floats("score", score, t.size)


def _outlived_by(time: Floats, event: Bools, score: Floats) -> tuple[Ints, Ints, Ints]:
    """For each patient: how many outlived it with a lower, the same and a higher score (of events alone meaningful)."""
    lower, higher = _outlived_by_lower(time, event, score), _outlived_by_lower(time, event, -score)
    longest_first = np.sort(time)
    later = time.size - np.searchsorted(longest_first, time, side="right")
    censored = np.sort(time[~event])
    with_it = np.searchsorted(censored, time, side="right") - np.searchsorted(censored, time, side="left")
    return lower, later + with_it - lower - higher, higher


def _outlived_by_lower(time: Floats, event: Bools, score: Floats) -> Ints:
    """For each event: patients with a lower score who outlived it.

    In the order longest time first, censored before events, higher score before lower among events of one time, these
    are the patients before it whose score is lower.
    """
    sequence = np.lexsort((-score, event, -time))
    counts = np.empty(time.size, np.int64)
    counts[sequence] = _lower_before(score[sequence])
    return counts


def _lower_before(values: Floats) -> Ints:
    """For each value of a sequence: how many before it are lower.

    Positions in the order of value are split into blocks of 2^k positions, k falling: within a block each position of
    the right half counts the left half's positions that come first in the order of value.
    """
    size = values.size
    levels = max(1, int(size - 1).bit_length())
    padded = np.r_[values, np.full((1 << levels) - size, np.inf)]  # last in the sequence and never lower
    # the later of two equal values comes first, so that it does not count the earlier
    order = np.lexsort((-np.arange(padded.size), padded))
    counts = np.zeros(padded.size, np.int64)
    for level in reversed(range(levels)):
        blocks = order.reshape(-1, 2 << level)
        right = (blocks >> level & 1).astype(bool)
        seen = np.cumsum(~right, axis=1)
        counts[blocks[right]] += seen[right]
        halves = (blocks[~right].reshape(-1, 1 << level), blocks[right].reshape(-1, 1 << level))
        order = np.concatenate(halves, axis=1).ravel()
    return counts[:size]
