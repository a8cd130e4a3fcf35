"""What a site's own patients taught about a bundle's probabilities: applied after the bundle's own calibration.

`configs/opportune.json` may hold, written by `opportune recalibrate`:

    "calibration": {"recalibration": {"risk_3": {"method": "intercept+slope", "intercept": -0.2, "slope": 0.9}}}

by the name of the output. Methods: "intercept" and "intercept+slope" on log odds, "isotonic" (knots x and y, straight
between them, flat outside), and "linear" for a measured number. Without the section nothing changes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.errors import WeightsMismatch

Floats = npt.NDArray[np.float64]
EDGE = 1e-12  # a probability of 0 or 1 counts as this far from it
LOG_ODDS = ("intercept", "intercept+slope")


@dataclass(frozen=True, kw_only=True)
class Recalibration:
    """A map that never falls.

    Raises
    ------
    ValueError
        If the method is unknown, a number is not finite, the slope is not positive, or knots do not rise.
    """

    method: str
    intercept: float = 0.0
    slope: float = 1.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.method not in (*LOG_ODDS, "linear", "isotonic"):
            raise ValueError(f"recalibration method {self.method!r} is not known")
        if not all(math.isfinite(v) for v in (self.intercept, self.slope, *self.x, *self.y)) or self.slope <= 0:
            raise ValueError("a recalibration must have finite numbers and a positive slope")
        if self.method == "isotonic":
            rising = all(a < b for a, b in zip(self.x, self.x[1:], strict=False))
            steady = all(a <= b for a, b in zip(self.y, self.y[1:], strict=False))
            if not self.x or len(self.x) != len(self.y) or not rising or not steady:
                raise ValueError("an isotonic recalibration must have as many x as y, x rising and y never falling")

    def __call__(self, values: npt.ArrayLike) -> Floats:
        """Recalibrated values, the shape of what is given."""
        given = np.asarray(values, np.float64)
        if self.method == "isotonic":
            return np.asarray(np.interp(given, self.x, self.y), np.float64)
        if self.method == "linear":
            return np.asarray(self.intercept + self.slope * given, np.float64)
        p = np.clip(given, EDGE, 1 - EDGE)
        return np.asarray(1 / (1 + np.exp(-(self.intercept + self.slope * np.log(p / (1 - p))))), np.float64)

    @property
    def plain(self) -> dict[str, Any]:
        """For JSON."""
        if self.method == "isotonic":
            return {"method": self.method, "x": list(self.x), "y": list(self.y)}
        return {"method": self.method, "intercept": self.intercept, "slope": self.slope}


def recalibrations(configuration: Mapping[str, Any]) -> dict[str, Recalibration]:
    """The maps of a bundle's configuration by output; empty if it was never recalibrated.

    Raises
    ------
    WeightsMismatch
        If the section is malformed.
    """
    try:
        section = configuration.get("calibration", {}).get("recalibration", {})
        return {str(name): _read(values) for name, values in section.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise WeightsMismatch(f"calibration.recalibration in configs/opportune.json cannot be read: {error}") from error


def _read(values: Mapping[str, Any]) -> Recalibration:
    if values["method"] == "isotonic":
        return Recalibration(method="isotonic", x=tuple(map(float, values["x"])), y=tuple(map(float, values["y"])))
    return Recalibration(
        method=str(values["method"]), intercept=float(values["intercept"]), slope=float(values["slope"])
    )
