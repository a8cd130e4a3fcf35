"""The seven items of the referral, the paper's models 1 to 3 of them, and the Cox models beside the network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# The paper's clinical vector; yes or no is 1 or 0, age in years, BMI in kg/m2. Not known: NaN
ITEMS = (
    "age", "female", "bmi", "prior_fracture", "glucocorticoid", "secondary_osteoporosis", "rheumatoid_arthritis",
)  # fmt: skip
CONTEXT_ITEMS = ITEMS[2:]  # those that no header has, or not surely
# Models 1, 2 and 3 of Kong et al. 2022, figure 4
ARMS: Mapping[str, tuple[str, ...]] = {
    "m1": ITEMS[:2],
    "m2": ITEMS[:3],
    "m3": ("age", "female", "bmi", "glucocorticoid", "secondary_osteoporosis"),
}
# Fixed centre and unit of each item for the network, near the paper's cohort; no prior fracture there, hence the 1
CENTRES = (60.5, 0.75, 24.1, 0.0, 0.5, 0.05, 0.035)
UNITS = (6.2, 0.43, 3.7, 1.0, 0.5, 0.21, 0.18)


def arm_mask(arm: str | None) -> npt.NDArray[np.bool_]:
    """(7,) which items an arm may see; None: all. Raises KeyError for an unknown arm."""
    seen = ITEMS if arm is None else ARMS[arm]
    return np.array([item in seen for item in ITEMS])


@dataclass(frozen=True, kw_only=True)
class CoxModel:
    """A fitted Cox model of clinical items: log-hazard = sum of coefficient * (item - mean).

    Raises ValueError for lengths that differ, an unknown item, or a number that is not finite.
    """

    items: tuple[str, ...]
    means: tuple[float, ...]  #: of the cohort it was fitted to; stands for what is not known
    coefficients: tuple[float, ...]  #: per unit of the item

    def __post_init__(self) -> None:
        if not len(self.items) == len(self.means) == len(self.coefficients) or not set(self.items) <= set(ITEMS):
            raise ValueError(f"items must be among {', '.join(ITEMS)}, with a mean and a coefficient each")
        if not np.isfinite([*self.means, *self.coefficients]).all():
            raise ValueError("means and coefficients must be finite")

    def log_hazard(self, clinical: npt.NDArray[np.floating[Any]]) -> Floats:
        """(N, 7) in the order of ITEMS, NaN where not known -> (N,)."""
        columns = [ITEMS.index(item) for item in self.items]
        away = np.asarray(clinical, np.float64)[:, columns] - np.asarray(self.means)
        return np.asarray(np.where(np.isnan(away), 0.0, away) @ np.asarray(self.coefficients), np.float64)

    def to_table(self) -> dict[str, object]:
        """What the bundle keeps, ready for JSON."""
        return {"items": list(self.items), "means": list(self.means), "coefficients": list(self.coefficients)}

    @classmethod
    def from_table(cls, table: Mapping[str, object]) -> "CoxModel":
        """Back from `to_table`.

        Raises
        ------
        ValueError
            A key is absent or its value is no list of the right kind.
        """
        items, means, coefficients = (table.get(key) for key in ("items", "means", "coefficients"))
        if not (_all(items, str) and _all(means, int | float) and _all(coefficients, int | float)):
            raise ValueError("a Cox model needs the lists items, means and coefficients")
        return cls(items=tuple(items), means=tuple(means), coefficients=tuple(coefficients))  # type: ignore[arg-type]


def _all(values: object, kind: Any) -> bool:
    return isinstance(values, Sequence) and not isinstance(values, str) and all(isinstance(v, kind) for v in values)
