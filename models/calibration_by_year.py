"""Calibrated risks of several years: a rising map of each year's risk, then the years made not to fall.

Isotonic maps of each year alone can turn a risk that rose with the year into one that falls; the running maximum mends
that. The maps are lists of numbers in the bundle's JSON (Sybil does the same, to keep pickles out).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class YearlyCalibration:
    """One map for each year, linear between its knots, flat outside.

    Raises
    ------
    ValueError
        A map without knots, knots that do not rise, or values that fall or lie outside 0..1.
    """

    maps: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = field(repr=False)  #: (predicted, calibrated)

    def __post_init__(self) -> None:
        for year, (x, y) in enumerate(self.maps, start=1):
            if not x or len(x) != len(y) or not np.isfinite((*x, *y)).all():
                raise ValueError(f"the map of year {year} needs as many predicted as calibrated risks, finite")
            if (np.diff(x) <= 0).any() or (np.diff(y) < 0).any() or not 0 <= y[0] <= y[-1] <= 1:
                raise ValueError(f"the map of year {year} must rise, its values lie in 0..1")

    def __call__(self, risk: npt.ArrayLike) -> Floats:
        """(N, years) predicted risks, 0..1 -> (N, years) calibrated, not falling from year to year.

        Raises
        ------
        ValueError
            Another number of years.
        """
        found = np.asarray(risk, np.float64)
        if found.ndim != 2 or found.shape[1] != len(self.maps):
            raise ValueError(f"risk must be (N, {len(self.maps)}), got {found.shape}")
        each = [np.interp(column, x, y) for column, (x, y) in zip(found.T, self.maps, strict=True)]
        return np.asarray(np.maximum.accumulate(np.stack(each, 1), axis=1), np.float64)

    def to_table(self) -> list[dict[str, list[float]]]:
        """The table that the bundle keeps, ready for JSON."""
        return [{"x": list(x), "y": list(y)} for x, y in self.maps]

    @classmethod
    def from_table(cls, table: object) -> "YearlyCalibration":
        """Back from `to_table`.

        Raises
        ------
        ValueError
            If it is no such table.
        """
        if not isinstance(table, list) or not all(isinstance(one, Mapping) for one in table):
            raise ValueError("a calibration by year must be a list of maps")
        try:
            return cls(maps=tuple((tuple(map(float, one["x"])), tuple(map(float, one["y"]))) for one in table))
        except (KeyError, TypeError) as exc:
            raise ValueError("each year's map needs the lists x and y of numbers") from exc
