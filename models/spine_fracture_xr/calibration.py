"""From a raw log-hazard to the risk at a horizon and the place among the reference cohort; what the bundle keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.breslow import Baseline

Floats = npt.NDArray[np.float64]

HORIZONS = (1.0, 3.0, 5.0)  # years


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Slope and baseline of a Cox model with the raw log-hazard as its only item, and the reference cohort's quantiles.

    Raises ValueError for a slope that is not finite or quantiles that fall.
    """

    slope: float  #: log-hazard for each unit of the raw one
    baseline: Baseline  #: time in years
    quantiles: tuple[float, ...]  #: of the reference cohort's raw log-hazard, from the lowest to the highest

    def __post_init__(self) -> None:
        if not np.isfinite([self.slope, *self.quantiles]).all() or len(self.quantiles) < 2:
            raise ValueError("slope and quantiles must be finite, with two quantiles or more")
        if (np.diff(self.quantiles) < 0).any():
            raise ValueError("quantiles must not fall")

    def log_hazard(self, raw: Floats) -> Floats:
        """(N,) against the reference cohort's average."""
        return np.asarray(self.slope * np.asarray(raw, np.float64), np.float64)

    def risk(self, raw: Floats, horizons: Sequence[float] = HORIZONS) -> Floats:
        """(N, H) risk of a fracture by each horizon (years), in 0..1.

        Raises
        ------
        ValueError
            A horizon beyond the reference cohort's follow-up.
        """
        return np.array([self.baseline.risk(float(value), horizons) for value in self.log_hazard(raw)]).reshape(
            len(raw), len(horizons)
        )

    def percentile(self, raw: Floats) -> Floats:
        """(N,) share of the reference cohort with a lower log-hazard, in percent."""
        ranks = np.linspace(0, 100, len(self.quantiles))
        return np.asarray(np.interp(raw, self.quantiles, ranks), np.float64)

    def to_table(self) -> dict[str, object]:
        """What the bundle keeps, ready for JSON."""
        return {"slope": self.slope, "baseline": self.baseline.to_table(), "quantiles": list(self.quantiles)}

    @classmethod
    def from_table(cls, table: Mapping[str, object]) -> "Calibration":
        """Back from `to_table`.

        Raises
        ------
        ValueError
            A key is absent or a value is no number.
        """
        slope, baseline, quantiles = (table.get(key) for key in ("slope", "baseline", "quantiles"))
        if not isinstance(slope, int | float) or not isinstance(baseline, Mapping) or not isinstance(quantiles, list):
            raise ValueError("a calibration needs the number slope, the table baseline and the list quantiles")
        if not all(isinstance(value, int | float) for value in quantiles):
            raise ValueError("quantiles must be numbers")
        return cls(slope=float(slope), baseline=Baseline.from_table(baseline), quantiles=tuple(map(float, quantiles)))
