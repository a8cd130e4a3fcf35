"""A value with its interval, and the checked arrays that every family starts from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

Z95 = float(stats.norm.ppf(0.975))  #: half width of a 95 % interval in standard errors


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def floats(name: str, values: npt.ArrayLike, size: int | None = None) -> Floats:
    """(N,) finite float64.

    Raises
    ------
    ValueError
        If it is empty, not one-dimensional, not finite, or not of the wanted size.
    """
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or not array.size or (size is not None and array.size != size):
        raise ValueError(f"{name} must be ({'N' if size is None else size},), got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, {int((~np.isfinite(array)).sum())} of {array.size} are not")
    return array


def flags(name: str, values: npt.ArrayLike, size: int | None = None) -> Bools:
    """(N,) bool, from booleans or from 0 and 1.

    Raises
    ------
    ValueError
        If anything else is in it, or the shape is not as wanted.
    """
    array = floats(name, values, size)
    if not np.isin(array, (0.0, 1.0)).all():
        raise ValueError(f"{name} must be 0 or 1")
    return np.equal(array, 1.0)


def probabilities(name: str, values: npt.ArrayLike, size: int | None = None) -> Floats:
    """(N,) float64 in [0, 1].

    Raises
    ------
    ValueError
        If one is outside, or the shape is not as wanted.
    """
    array = floats(name, values, size)
    if array.min() < 0 or array.max() > 1:
        raise ValueError(f"{name} must be in [0, 1], got {array.min():g} to {array.max():g}")
    return array


def score_and_event(score: npt.ArrayLike, event: npt.ArrayLike) -> tuple[Floats, Bools]:
    """Checked (N,) scores and (N,) outcomes of which both kinds occur.

    Raises
    ------
    ValueError
        If shapes differ, a score is not finite, or there is no event or no non-event.
    """
    s = floats("score", score)
    y = flags("event", event, s.size)
    if not y.any() or y.all():
        raise ValueError(f"need both outcomes, got {int(y.sum())} events among {y.size}")
    return s, y


def time_and_event(time: npt.ArrayLike, event: npt.ArrayLike) -> tuple[Floats, Bools]:
    """Checked (N,) follow-up times, not negative, and (N,) event flags (False: censored).

    Raises
    ------
    ValueError
        If shapes differ, or a time is negative or not finite.
    """
    t = floats("time", time)
    if t.min() < 0:
        raise ValueError("time must not be negative")
    return t, flags("event", event, t.size)
