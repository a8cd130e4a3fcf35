"""What a bundle says of its own evaluation: `docs/results.json`, a number by name, as training writes it.

A figure of a cohort is `test_auc`, with its 95 % interval in `test_auc_low` and `test_auc_high` where it has one. What
is of no judged cohort ("train_rows") stands by its whole name.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

COHORTS = ("test", "external")
"""Those that weights are judged on: settings of the simulator, or scanners, that training saw, and that it did not."""

BEYOND = "share_beyond_ood_limit"
"""Share of a cohort whose distance from the training data exceeds 1."""

MEANS = {"MORT30D": "mean_predicted", "MORT1Y": "expected_1", "VFX1Y": "predicted_1"}
"""By the code of a headline: which figure is its mean over a cohort, 0..1. Other headlines' means are in no bundle."""

_LARGEST = 2**20  # bytes of the file


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One number, with its 95 % interval if it has one."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """The figures of a bundle."""

    judged: Mapping[str, Mapping[str, Figure]]  #: name, e.g. "auc", to cohort to figure
    others: Mapping[str, Figure]  #: by their whole name
    recalibrated: bool  #: the outputs were moved since, to a site's patients

    def reference(self, name: str) -> dict[str, float]:
        """A figure by cohort, of those that have it."""
        return {cohort: figure.value for cohort, figure in self.judged.get(name, {}).items()}

    def mean_of(self, headline: str) -> dict[str, float]:
        """Mean of a headline, 0..1, by cohort; empty where no figure tells it, or it was moved since."""
        return {} if self.recalibrated or headline not in MEANS else self.reference(MEANS[headline])


def evaluation(bundle: Path) -> Evaluation | None:
    """The figures of a bundle folder; None where it has none that can be read."""
    numbers = _numbers(bundle / "docs" / "results.json")
    if not numbers:
        return None
    judged: dict[str, dict[str, Figure]] = {}
    others: dict[str, Figure] = {}
    for name in numbers:
        if _bound_of(name, numbers):
            continue
        figure = Figure(
            value=numbers[name], low=numbers.get(f"{name}_low"), high=numbers.get(f"{name}_high")
        )  # fmt: skip
        cohort, _, rest = name.partition("_")
        if cohort in COHORTS and rest:
            judged.setdefault(rest, {})[cohort] = figure
        else:
            others[name] = figure
    return Evaluation(
        judged=judged, others=others, recalibrated=(bundle / "docs" / "recalibration.json").is_file()
    )  # fmt: skip


def _bound_of(name: str, numbers: Mapping[str, float]) -> bool:
    base = name.removesuffix("_low").removesuffix("_high")
    return base != name and base in numbers


def _numbers(path: Path) -> dict[str, float]:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        str(name): float(value)
        for name, value in found.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }
