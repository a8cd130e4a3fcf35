"""A run of the matrix in parts, each kept as a file."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults.matrix import Outcome


@dataclass(frozen=True)
class Part:
    """Some rows."""

    machine: str  #: what they ran on
    outcomes: list[Outcome]


def keep(path: Path, part: Part) -> None:
    """Write a part."""
    path.write_text(json.dumps(asdict(part), indent=2), encoding="utf-8")


def read(path: Path) -> Part:
    """Read a part again."""
    values = json.loads(path.read_text(encoding="utf-8"))
    return Part(values["machine"], [Outcome(**outcome) for outcome in values["outcomes"]])


def together(parts: Sequence[Part], numbers: Sequence[str]) -> list[Outcome]:
    """The outcomes of all parts, by mode, in the order of these numbers. Raises ValueError if a row is there twice."""
    found: dict[tuple[str, str], Outcome] = {}
    for part in parts:
        for outcome in part.outcomes:
            if (outcome.mode, outcome.number) in found:
                raise ValueError(f"row {outcome.number}, {outcome.mode}, is in two parts: say which one counts")
            found[outcome.mode, outcome.number] = outcome
    return [found[key] for key in sorted(found, key=lambda key: (key[0], numbers.index(key[1])))]
