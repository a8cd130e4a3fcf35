"""Risk strata by a site's thresholds: coded, and in words. No model has thresholds of its own."""

from collections.abc import Sequence

from screening import codes
from screening.codes import CodedName

_STRATA = {1: (codes.RISK_LOW, codes.RISK_HIGH), 2: (codes.RISK_LOW, codes.RISK_MODERATE, codes.RISK_HIGH)}
"""By how many thresholds there are."""


def stratum_of(percent: float, thresholds: Sequence[float]) -> tuple[CodedName, ...]:
    """The stratum of a probability, or nothing when the site set no thresholds; who is on a threshold is above it."""
    if not thresholds:
        return ()
    return (_STRATA[len(thresholds)][sum(percent >= limit for limit in thresholds)],)


def by_the_site(stratum: tuple[CodedName, ...], horizon: str = "") -> str:
    """The stratum in brackets, to follow a figure; empty without one.

    horizon: what the thresholds divide, e.g. "5-year risk", where the sentence holds several figures.
    """
    what = f" {horizon}" if horizon else ""
    return "".join(f" ({value.meaning.lower()}{what} by the site's thresholds)" for value in stratum)
