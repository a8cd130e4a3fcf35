"""Clinical scores that a model is compared with and that are computed here from their items."""

from dataclasses import dataclass

POSITIVE = 2  # a CURB-65 of 2 or more: consider hospital (Lim 2003; BTS 2009)

CONTEXT_ITEMS = ("confusion", "urea_mmol_per_l", "respiratory_rate", "systolic_mmhg", "diastolic_mmhg")
"""Its items but for the age, which is that of the header."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Curb65Items:
    """What CURB-65 is made of; None: not known."""

    confusion: bool | None  #: new mental confusion (abbreviated mental test of 8 or less)
    urea_mmol_per_l: float | None
    respiratory_rate: float | None  #: breaths per minute
    systolic_mmhg: float | None
    diastolic_mmhg: float | None
    age_years: float | None


def curb65(items: Curb65Items) -> int | None:
    """CURB-65, 0 to 5: one point each for confusion, urea > 7, rate >= 30, low pressure, and age >= 65 (Lim 2003).

    Low pressure is systolic < 90 or diastolic <= 60 mmHg. None if any item is not known: a missing item is never
    taken as normal.
    """
    confusion, urea, rate = items.confusion, items.urea_mmol_per_l, items.respiratory_rate
    systolic, diastolic, age = items.systolic_mmhg, items.diastolic_mmhg, items.age_years
    if confusion is None or urea is None or rate is None or systolic is None or diastolic is None or age is None:
        return None
    return sum((confusion, urea > 7, rate >= 30, systolic < 90 or diastolic <= 60, age >= 65))
