"""Subgroups of a cohort, and when a number is too little to be read."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.evaluation.interval import Ints, flags, floats

EVENTS_NEEDED = 20  # fewer carry the banner
PATIENTS_NEEDED = 30  # smaller groups are counted but not judged
MISSING = "missing"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Subgroup:
    """The rows of one value of one column."""

    column: str
    label: str  #: the value; "missing" where the cell is empty
    rows: Ints
    patients: int
    judged: bool  #: whether there are enough patients to print more than the count


def banner(events: int, what: str = "events") -> str | None:
    """What must stand above numbers from few events; None when there are enough."""
    if events >= EVENTS_NEEDED:
        return None
    return f"{events} {what}, fewer than {EVENTS_NEEDED}: not interpretable"


def banner_of(event: npt.ArrayLike) -> str | None:
    """`banner` of the rarer outcome of (N,) flags: an AUC from few non-events is as loose as one from few events."""
    y = flags("event", event)
    events, others = int(y.sum()), int((~y).sum())
    return banner(events) if events <= others else banner(others, "non-events")


def subgroups(
    columns: Mapping[str, Sequence[str | None]], patients: npt.ArrayLike, *, needed: int = PATIENTS_NEEDED
) -> tuple[Subgroup, ...]:
    """All subgroups of each column, by column as given and by label in order; missing values are a group, the last.

    `columns`: N labels per name. `patients`: (N,) identifier of each row's patient; patients are counted, not rows.

    Raises
    ------
    ValueError
        If a column has not N labels.
    """
    identifiers = np.asarray(patients)
    found = []
    for column, labels in columns.items():
        if len(labels) != identifiers.size:
            raise ValueError(f"{column} must have {identifiers.size} labels, got {len(labels)}")
        present = sorted({label for label in labels if label})
        for label in (*present, None):
            rows = np.flatnonzero([(value or None) == label for value in labels]).astype(np.int64)
            if not rows.size:
                continue
            count = int(np.unique(identifiers[rows]).size)
            name = MISSING if label is None else label
            found.append(Subgroup(column=column, label=name, rows=rows, patients=count, judged=count >= needed))
    return tuple(found)


def bands(values: npt.ArrayLike, edges: Sequence[float]) -> tuple[str, ...]:
    """Label of each (N,) value: "< 40", "40 to < 60", ">= 60" for edges 40 and 60. An edge belongs to the band above.

    Raises
    ------
    ValueError
        If edges do not rise or a value is not finite.
    """
    cuts = floats("edges", np.asarray(edges))
    if (np.diff(cuts) <= 0).any():
        raise ValueError("edges must rise")
    inner = [f"{low:g} to < {high:g}" for low, high in itertools.pairwise(cuts)]
    names = [f"< {cuts[0]:g}", *inner, f">= {cuts[-1]:g}"]
    return tuple(names[index] for index in np.searchsorted(cuts, floats("values", values), side="right"))
