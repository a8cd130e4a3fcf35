"""The items of clinical context that models know: names, units and what is possible."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemKind:
    """What an item of the clinical context may be."""

    unit: str  #: in words; "0 or 1" for yes or no
    low: float
    high: float  #: a slip of the keyboard or a wrong unit lies outside of low..high

    @property
    def yes_no(self) -> bool:
        """Whether it is 0 or 1."""
        return self.unit == YES_NO

    def objection(self, value: float) -> str | None:
        """Why a value cannot be, or None."""
        if self.yes_no and value not in (0.0, 1.0):
            return "must be 0 (no) or 1 (yes)"
        if not self.low <= value <= self.high:
            return f"must lie within {self.low:g} to {self.high:g} {self.unit}"
        return None


YES_NO = "0 or 1"

ITEMS = {
    "bmi": ItemKind(unit="kg/m2", low=10, high=80),
    "prior_fracture": ItemKind(unit=YES_NO, low=0, high=1),
    "glucocorticoid": ItemKind(unit=YES_NO, low=0, high=1),
    "secondary_osteoporosis": ItemKind(unit=YES_NO, low=0, high=1),
    "rheumatoid_arthritis": ItemKind(unit=YES_NO, low=0, high=1),
    "confusion": ItemKind(unit=YES_NO, low=0, high=1),
    "urea_mmol_per_l": ItemKind(unit="mmol/l", low=0.1, high=150),
    "respiratory_rate": ItemKind(unit="breaths/min", low=1, high=120),
    "systolic_mmhg": ItemKind(unit="mmHg", low=20, high=350),
    "diastolic_mmhg": ItemKind(unit="mmHg", low=5, high=250),
}
"""By name: the same names as the columns of a cohort table (docs/cohort.md)."""
