"""Shortcut audit: what the generator decided beside the patient must not tell what came of the patient.

A network finds any such column (the noise of the scanner, the number of the seed) sooner than disease.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from training.evaluation.bootstrap import bootstrap
from training.evaluation.discrimination import auc
from training.evaluation.interval import Interval, Ints, flags, floats

DRAWS = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Shortcut:
    """How far one column predicts the outcome."""

    name: str
    auc: Interval  #: by patient; 0.5 is nothing

    @property
    def suspicious(self) -> bool:
        """Whether the interval leaves 0.5 out."""
        return not self.auc.low <= 0.5 <= self.auc.high


def audit(
    columns: Mapping[str, npt.ArrayLike],
    event: npt.ArrayLike,
    patients: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[Shortcut, ...]:
    """The AUROC of each column for the outcome, with its interval.

    Parameters
    ----------
    columns
        (N,) metadata by name; a column that never differs is left out, for it cannot tell anything.
    event
        (N,) outcome, 0 or 1.
    patients
        (N,) patient of each row.
    confidence
        Of all intervals together: each is widened for the number of columns (Bonferroni).
    draws, seed
        Of the bootstrap.

    Raises
    ------
    ValueError
        If shapes differ, a number is not finite, or there is one outcome only.
    """
    y = flags("event", event)
    table = {name: floats(name, values, y.size) for name, values in columns.items()}
    table = {name: column for name, column in table.items() if np.ptp(column) > 0}
    if not table:
        return ()

    def statistics(rows: Ints) -> list[float]:
        return [auc(column[rows], y[rows]) for column in table.values()]

    drawn = bootstrap(statistics, patients, draws=draws, seed=seed)
    tail = (1 - confidence) / 2 / len(table)
    # percentiles of few draws cannot reach so far out: a normal interval of the bootstrap's spread can
    half = float(stats.norm.ppf(1 - tail)) * drawn.drawn.std(0)
    return tuple(
        Shortcut(name=name, auc=Interval(value=float(value), low=float(value - h), high=float(value + h)))
        for name, value, h in zip(table, drawn.value, half, strict=True)
    )
