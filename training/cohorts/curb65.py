"""The items of CURB-65 as columns of a cohort table, and the score of its rows."""

import numpy as np

from models.cap_mortality_cxr.curb65 import Curb65Items, curb65
from training.cohorts.columns import Column, Kind
from training.cohorts.table import CohortTable
from training.evaluation.interval import Floats

COLUMNS = (
    Column(name="confusion", kind=Kind.YES_NO),
    Column(name="urea_mmol_per_l", low=0.1, high=150),
    Column(name="respiratory_rate", low=1, high=120),
    Column(name="systolic_mmhg", low=20, high=350),
    Column(name="diastolic_mmhg", low=5, high=250),
    Column(name="age_years", low=0, high=130),
)
"""With what is humanly possible: a slip of the keyboard or a wrong unit lies outside."""


def curb65_of(table: CohortTable) -> Floats:
    """(N,) CURB-65 of each kept row, NaN where an item is empty.

    Raises
    ------
    KeyError
        If the table was read without `COLUMNS`.
    """
    numbers = {column.name: table.numbers(column.name) for column in COLUMNS}
    scores = np.full(len(table.rows), np.nan)
    for k in range(scores.size):
        cells = {name: None if np.isnan(values[k]) else float(values[k]) for name, values in numbers.items()}
        score = curb65(Curb65Items(
            confusion=None if cells["confusion"] is None else cells["confusion"] == 1,
            urea_mmol_per_l=cells["urea_mmol_per_l"], respiratory_rate=cells["respiratory_rate"],
            systolic_mmhg=cells["systolic_mmhg"], diastolic_mmhg=cells["diastolic_mmhg"], age_years=cells["age_years"],
        ))  # fmt: skip
        if score is not None:
            scores[k] = score
    return scores
