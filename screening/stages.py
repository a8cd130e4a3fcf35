"""How long the stages of one run took."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST = 64
"""Stages that one message may tell of: a model has a handful of networks, a report a handful of objects."""
LONGEST_SECONDS = 86400.0

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}(\.[a-z0-9][a-z0-9_-]{0,31})?")


@dataclass(frozen=True, slots=True)
class Stages:
    """Seconds by stage, in the order in which they began.

    A name is that of a kind of work, `decode`, or of a part of one, `network.segmentation`. No second counts twice:
    what a stage within another took is not part of that one's.

    Raises
    ------
    ValueError
        If a name is none, or seconds are not finite or negative.
    """

    seconds: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.seconds.items():
            if not _NAME.fullmatch(name):
                raise ValueError(f"a stage must have a name like network.segmentation, got {name[:80]!r}")
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"seconds of {name} must be finite and not negative, got {value}")

    def __add__(self, other: "Stages") -> "Stages":
        """What both took: first the stages of this one, seconds of the same name together."""
        names = dict.fromkeys((*self.seconds, *other.seconds))
        return Stages({name: self.seconds.get(name, 0.0) + other.seconds.get(name, 0.0) for name in names})

    @property
    def total(self) -> float:
        """Seconds of all stages."""
        return math.fsum(self.seconds.values())

    def of(self, kind: str) -> float:
        """Seconds of a kind of work with all its parts, 0 if there was none."""
        return math.fsum(value for name, value in self.seconds.items() if name.partition(".")[0] == kind)

    def by_kind(self) -> dict[str, float]:
        """Seconds of each kind of work with all its parts, in the order in which they began."""
        return {kind: self.of(kind) for kind in dict.fromkeys(name.partition(".")[0] for name in self.seconds)}


def stages_from_json(values: Any) -> Stages:
    """Stages from a JSON object that may be anything.

    Raises
    ------
    TypeError
        If it is no object of numbers.
    ValueError
        If there are more than `MOST`, one has no name of a stage, or seconds are negative or more than
        `LONGEST_SECONDS`.
    """
    if not isinstance(values, dict) or not all(type(value) in (int, float) for value in values.values()):
        raise TypeError("stages must be an object of numbers")
    if len(values) > MOST or any(not value <= LONGEST_SECONDS for value in values.values()):
        raise ValueError(f"at most {MOST} stages of {LONGEST_SECONDS:g} seconds each can be told, got {len(values)}")
    return Stages({str(name): float(value) for name, value in values.items()})
