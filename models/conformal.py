"""Prediction intervals that hold what they promise: split conformal prediction by group (Vovk 2012, Mondrian).

The group must follow from what is known when predicting, so it is that of the predicted value.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """How far the truth may lie from a prediction, by group of the prediction."""

    edges: tuple[float, ...]  #: K - 1 rising bounds between K groups; a bound belongs to the group above
    below: tuple[float, ...]  #: K, added to the prediction: the lower end (negative as a rule)
    above: tuple[float, ...]  #: K, added to the prediction: the upper end
    least: float  #: no interval reaches below
    most: float  #: nor above

    def __post_init__(self) -> None:
        groups = len(self.edges) + 1
        if len(self.below) != groups or len(self.above) != groups:
            raise ValueError(f"{groups} groups need as many lower and upper offsets")
        numbers = (*self.edges, *self.below, *self.above, self.least, self.most)
        if not all(math.isfinite(value) for value in numbers):
            raise ValueError("edges and offsets must be finite")
        if any(a >= b for a, b in zip(self.edges, self.edges[1:], strict=False)) or self.least >= self.most:
            raise ValueError("edges must rise, and least lie below most")
        if any(low > high for low, high in zip(self.below, self.above, strict=True)):
            raise ValueError("a lower offset must not exceed the upper one")

    def group(self, predicted: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """(N,) values -> (N,) groups, 0 to K - 1."""
        return np.searchsorted(np.asarray(self.edges), np.asarray(predicted, np.float64), side="right").astype(np.int64)

    def around(self, predicted: npt.ArrayLike) -> tuple[Floats, Floats]:
        """(N,) predictions -> lower and upper ends, (N,) each, within least and most; ends never cross."""
        values = np.asarray(predicted, np.float64)
        chosen = self.group(values)
        low = np.clip(values + np.asarray(self.below)[chosen], self.least, self.most)
        high = np.clip(values + np.asarray(self.above)[chosen], self.least, self.most)
        return low, high

    def as_json(self) -> dict[str, Any]:
        """For a bundle's configuration."""
        return {
            "edges": list(self.edges), "below": list(self.below), "above": list(self.above), "least": self.least,
            "most": self.most,
        }  # fmt: skip

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Intervals":
        """From a bundle's configuration.

        Raises
        ------
        KeyError, TypeError, ValueError
            If something is missing or no number.
        """
        return cls(
            edges=_numbers(values["edges"]), below=_numbers(values["below"]), above=_numbers(values["above"]),
            least=float(values["least"]), most=float(values["most"]),
        )  # fmt: skip


def _numbers(values: Sequence[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def fit_intervals(
    predicted: npt.ArrayLike,
    true: npt.ArrayLike,
    *,
    edges: Sequence[float],
    coverage: float,
    least: float,
    most: float,
) -> Intervals:
    """Learn the offsets from (N,) predictions of cases that taught the model nothing, and their true values.

    Each tail gets half of what may lie outside: of n residuals in a group the upper end is the
    ceil((n + 1) (1 + coverage) / 2)-th smallest, the lower end mirrors it (Romano 2019, with signed residuals).

    A group with too few cases for that takes the offsets of all groups together.

    Raises
    ------
    ValueError
        If coverage is not between 0 and 1, or there are too few cases in all.
    """
    if not 0 < coverage < 1:
        raise ValueError(f"coverage must lie between 0 and 1, got {coverage}")
    values = np.asarray(predicted, np.float64)
    residual = np.asarray(true, np.float64) - values
    groups = np.searchsorted(np.asarray(edges), values, side="right")
    together = _offsets(residual, coverage)
    if together is None:
        raise ValueError(f"{residual.size} cases are too few for a coverage of {coverage}")
    found = [_offsets(residual[groups == group], coverage) or together for group in range(len(edges) + 1)]
    below, above = zip(*found, strict=True)
    return Intervals(edges=tuple(edges), below=below, above=above, least=least, most=most)


def _offsets(residual: Floats, coverage: float) -> tuple[float, float] | None:
    """Lower and upper offset, or None if there are too few residuals."""
    rank = math.ceil((residual.size + 1) * (1 + coverage) / 2 - 1e-9)
    if rank > residual.size:
        return None
    ordered = np.sort(residual)
    return float(ordered[residual.size - rank]), float(ordered[rank - 1])
