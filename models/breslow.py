"""From a Cox model's log-hazard to an absolute risk: the baseline cumulative hazard of Breslow (1972)."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """The cumulative hazard of a patient whose log-hazard is 0, a step function; what the bundle keeps.

    Raises ValueError for times that do not rise, hazards that fall or are negative, and a follow-up that ends before
    the last step.
    """

    times: tuple[float, ...]  #: when the hazard steps up, rising, in the unit of the cohort (years)
    cumulative_hazard: tuple[float, ...]  #: from each of these times on
    follow_up: float  #: how long anybody was observed: nothing is known of later times

    def __post_init__(self) -> None:
        if len(self.times) != len(self.cumulative_hazard):
            raise ValueError(f"{len(self.times)} times but {len(self.cumulative_hazard)} hazards")
        if not all(map(math.isfinite, (*self.times, *self.cumulative_hazard, self.follow_up))):
            raise ValueError("times, hazards and follow-up must be finite")
        if any(b <= a for a, b in itertools.pairwise(self.times)) or min(self.times, default=0) < 0:
            raise ValueError("times must rise and not be negative")
        steps = (0.0, *self.cumulative_hazard)
        if any(b < a for a, b in itertools.pairwise(steps)):
            raise ValueError("the cumulative hazard must not fall")
        if self.follow_up < max(self.times, default=0):
            raise ValueError(f"follow_up {self.follow_up} ends before the last event")

    @classmethod
    def fit(cls, time: Array, event: npt.NDArray[np.bool_], log_hazard: Array) -> "Baseline":
        """Breslow's estimate from a cohort; each argument (N,).

        At each time of an event: the number of events over the sum of exp(log_hazard) of those still at risk.

        Raises
        ------
        ValueError
            Lengths that differ, an empty cohort, or a number that is not finite.
        """
        if not (time.ndim == 1 and time.shape == event.shape == log_hazard.shape and time.size):
            raise ValueError("time, event and log_hazard must have one and the same length, at least 1")
        if not (np.isfinite(time).all() and np.isfinite(log_hazard).all()):
            raise ValueError("time and log_hazard must be finite")
        order = np.argsort(time, kind="stable")
        time, event, weight = time[order], event[order], np.exp(log_hazard[order])
        at_risk = np.cumsum(weight[::-1])[::-1]  # of this patient and all that were observed longer
        moments, events = np.unique(time[event], return_counts=True)
        steps = events / at_risk[np.searchsorted(time, moments)]
        return cls(
            times=tuple(moments.tolist()),
            cumulative_hazard=tuple(np.cumsum(steps).tolist()),
            follow_up=float(time[-1]),
        )

    def at(self, horizon: float) -> float:
        """Cumulative hazard up to and with the horizon, for a log-hazard of 0.

        Raises
        ------
        ValueError
            A horizon that is negative or beyond the follow-up: nothing is known there.
        """
        if not 0 <= horizon <= self.follow_up:
            raise ValueError(f"horizon must lie between 0 and the follow-up of {self.follow_up:g}, got {horizon:g}")
        steps = int(np.searchsorted(np.asarray(self.times), horizon, side="right"))
        return self.cumulative_hazard[steps - 1] if steps else 0.0

    def risk(self, log_hazard: float, horizons: Sequence[float]) -> tuple[float, ...]:
        """Absolute risk of the event by each horizon, in 0..1: 1 - exp(-H(t) exp(log_hazard)). Raises as `at` does."""
        # above 500 the risk is 1 as soon as there is any hazard, and exp would overflow at 710
        factor = math.exp(min(log_hazard, 500.0))
        return tuple(-math.expm1(-self.at(horizon) * factor) for horizon in horizons)

    def to_table(self) -> dict[str, object]:
        """The table that the bundle keeps, ready for JSON."""
        return {
            "times": list(self.times),
            "cumulative_hazard": list(self.cumulative_hazard),
            "follow_up": self.follow_up,
        }

    @classmethod
    def from_table(cls, table: Mapping[str, object]) -> "Baseline":
        """Back from `to_table`.

        Raises
        ------
        ValueError
            A key is absent, a value is no number, or the table is none of a cumulative hazard.
        """
        times, hazards, follow_up = (table.get(key) for key in ("times", "cumulative_hazard", "follow_up"))
        if not isinstance(times, list) or not isinstance(hazards, list) or not isinstance(follow_up, int | float):
            raise ValueError("a baseline needs the lists times and cumulative_hazard and the number follow_up")
        if not all(isinstance(value, int | float) for value in (*times, *hazards)):
            raise ValueError("times and cumulative_hazard must hold numbers")
        return cls(
            times=tuple(map(float, times)),
            cumulative_hazard=tuple(map(float, hazards)),
            follow_up=float(follow_up),
        )
