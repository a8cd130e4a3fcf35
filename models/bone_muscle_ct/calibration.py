"""From the networks' log odds to probabilities that hold on the cohort they were calibrated on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Platt:
    """p = sigmoid(intercept + slope * logit)."""

    intercept: float
    slope: float

    def __call__(self, logit: npt.ArrayLike) -> Floats:
        """Probabilities of any number of logits."""
        return _sigmoid(self.intercept + self.slope * np.asarray(logit, np.float64))


@dataclass(frozen=True, kw_only=True)
class YearlyPlatt:
    """The same for each year: one slope, an intercept a year; a later year never has the smaller risk."""

    intercepts: tuple[float, ...]
    slope: float

    def __call__(self, logits: npt.ArrayLike) -> Floats:
        """(N, years) logits to (N, years) risks.

        Raises
        ------
        ValueError
            If there are not as many years as intercepts.
        """
        values = np.asarray(logits, np.float64)
        if values.ndim != 2 or values.shape[1] != len(self.intercepts):
            raise ValueError(f"logits must be (N, {len(self.intercepts)}), got {values.shape}")
        return np.maximum.accumulate(_sigmoid(np.asarray(self.intercepts) + self.slope * values), 1)


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Of both networks' hazards and of today's fracture, anywhere and by level."""

    both: YearlyPlatt
    bone: YearlyPlatt
    fracture: Platt
    level: Platt

    def values(self) -> dict[str, Any]:
        """As JSON."""
        yearly = {
            name: {"intercepts": list(line.intercepts), "slope": line.slope}
            for name, line in (("both", self.both), ("bone", self.bone))
        }
        platt = {
            name: {"intercept": line.intercept, "slope": line.slope}
            for name, line in (("fracture", self.fracture), ("level", self.level))
        }
        return {"hazard": yearly, "detection": platt}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Calibration":
        """From JSON.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is not what `values` gives.
        """
        hazard, detection = values["hazard"], values["detection"]
        both, bone = (
            YearlyPlatt(intercepts=tuple(float(a) for a in part["intercepts"]), slope=float(part["slope"]))
            for part in (hazard["both"], hazard["bone"])
        )
        fracture, level = (
            Platt(intercept=float(part["intercept"]), slope=float(part["slope"]))
            for part in (detection["fracture"], detection["level"])
        )
        return cls(both=both, bone=bone, fracture=fracture, level=level)


def _sigmoid(x: npt.ArrayLike) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(x, np.float64))), np.float64)
