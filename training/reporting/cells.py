"""What stands in a cell of a table: a measured figure with its interval, a published one, a text."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from training.evaluation.resampling import Estimate

ABSENT = "not in this bundle"
NOT_GIVEN = "not in this cohort"
FEW = "[!]"  # stands behind a figure from fewer than 20 events; the table's note explains it


class Form(StrEnum):
    """How a figure is written."""

    SHARE = "share"  #: 0.783
    PERCENT = "percent"  #: of a share: 78.3 %
    TWO = "two"  #: two decimals: months, slopes
    P = "p"
    COUNT = "count"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One cell."""

    text: str = ""  #: where there is no figure: a label, or why there is none
    value: float | None = None
    low: float | None = None  #: 95 %, percentile bootstrap by patient
    high: float | None = None
    form: Form = Form.SHARE
    few: bool = False  #: from fewer events than can be interpreted
    published: str = ""  #: the paper's figure, as printed
    further: Mapping[str, float] = field(default_factory=dict)  #: for results.json only, such as DeLong's interval

    def __str__(self) -> str:
        if self.value is None:
            return self.text
        said = write(self.value, self.form)
        if self.low is not None and self.high is not None:
            said += f" ({write(self.low, self.form, bare=True)} to {write(self.high, self.form, bare=True)})"
        return f"{said} {FEW}" if self.few else said

    @property
    def plain(self) -> dict[str, object]:
        """For JSON: what is known of the cell, and nothing else."""
        everything: dict[str, object] = {
            "text": self.text or None, "value": self.value, "low": self.low, "high": self.high,
            "published": self.published or None, "not_interpretable": self.few or None,
        }  # fmt: skip
        return {name: value for name, value in everything.items() if value is not None} | dict(self.further)


def label(text: object, published: str = "") -> Cell:
    """A text."""
    return Cell(text=str(text), published=published)


def count(number: int) -> Cell:
    """A number of patients, rows or events."""
    return Cell(value=float(number), form=Form.COUNT)


def p_value(p: float) -> Cell:
    """A p; a text where it does not exist."""
    return Cell(value=p, form=Form.P) if math.isfinite(p) else label("does not exist")


def figure(
    estimate: Estimate,
    form: Form = Form.SHARE,
    *,
    few: bool = False,
    published: str = "",
    further: Mapping[str, float] | None = None,
) -> Cell:
    """A measured figure with its bootstrap interval, or without where too many draws have none."""
    if not math.isfinite(estimate.value):
        return Cell(text="does not exist", published=published)
    found = estimate.interval()
    ends = (None, None) if found is None else (found.low, found.high)
    return Cell(
        value=estimate.value, low=ends[0], high=ends[1], form=form, few=few, published=published,
        further={"failed_draws": float(estimate.failed)} | dict(further or {}),
    )  # fmt: skip


def write(value: float, form: Form, *, bare: bool = False) -> str:
    """A number in its form; `bare`: without the unit."""
    if form is Form.P:
        return "<0.001" if value < 0.001 else f"{value:.3f}"
    if form is Form.PERCENT:
        return f"{100 * value:.1f}" + ("" if bare else " %")
    # no minus before a zero
    return {Form.COUNT: f"{value:.0f}", Form.TWO: f"{value + 0:.2f}", Form.SHARE: f"{value + 0:.3f}"}[form]
