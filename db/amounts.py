"""Amounts that no state of a row tells: how long results and deliveries took, what models answered, bytes that came.

The verbs add them as lines of `db.tallies`, in the transaction of what they are about: exact, folded like the others,
and read without looking at the rows. They begin at 0 with the release that began to keep them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.node_tables import TallyRow
from db.tallies import Tallies

BOUNDS = (15, 30, 60, 120, 300, 600, 1800, 3600, 14400, 86400)
"""Upper bounds of the classes of a duration, seconds."""

_BEYOND = "inf"
_MILLISECONDS = "ms"
_OUTCOMES, _BYTES = "outcomes", "bytes"


class Duration(StrEnum):
    """What is timed."""

    RESULT = "result_time"  #: of a model, from the opening of a job until its outcome was stored
    DELIVERY = "delivery_time"  #: of a destination, from the opening of a job until an object of it was taken


@dataclass(frozen=True, kw_only=True, slots=True)
class Histogram:
    """How long something took, as Prometheus counts it."""

    at_most: tuple[int, ...]  #: how many took no longer than each of `BOUNDS`
    count: int
    seconds: float  #: all together


def took(s: Session, what: Duration, part: str, seconds: float) -> None:
    """Something took so long. part: of which model, or to which destination."""
    seconds = max(0.0, seconds)
    within = next((str(bound) for bound in BOUNDS if seconds <= bound), _BEYOND)
    _add(s, [(what, part, within, 1), (what, part, _MILLISECONDS, round(seconds * 1000))])


def answered(s: Session, model_name: str, kind: str) -> None:
    """A model's outcome was stored. kind: as in `results`."""
    _add(s, [(_OUTCOMES, model_name, kind, 1)])


def read_from_spool(s: Session, size: int) -> None:
    """So many bytes that were received have been read."""
    _add(s, [(_BYTES, "", "received", size)])


def histograms(found: Tallies, what: Duration) -> dict[str, Histogram]:
    """The durations that were kept, by model or destination."""
    return {part: _histogram(values) for (counted, part), values in found.items() if counted == what}


def outcomes(found: Tallies) -> dict[str, dict[str, int]]:
    """Stored outcomes: model to kind to number."""
    return {part: dict(values) for (counted, part), values in found.items() if counted == _OUTCOMES}


def received_bytes(found: Tallies) -> int:
    """Bytes of received objects that have been read."""
    return found.get((_BYTES, ""), {}).get("received", 0)


def _histogram(values: dict[str, int]) -> Histogram:
    within = tuple(accumulate(values.get(str(bound), 0) for bound in BOUNDS))
    return Histogram(
        at_most=within, count=within[-1] + values.get(_BEYOND, 0), seconds=values.get(_MILLISECONDS, 0) / 1000
    )


def _add(s: Session, lines: Iterable[tuple[str, str, str, int]]) -> None:
    rows = [
        {"counted": str(what), "part": part, "value": value, "number": number} for what, part, value, number in lines
    ]
    s.execute(insert(TallyRow), rows)
