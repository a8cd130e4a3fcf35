"""Runs a simulator for its tests."""

import csv
import hashlib
from collections.abc import Callable
from pathlib import Path

from training.simulators.case import Case, Row, simulator


def run(
    folder: Path,
    columns: tuple[str, ...],
    write: Callable[[Case], Row],
    *,
    n: int = 1,
    seed: int = 3,
    finish: Callable[[Path, list[Row]], None] | None = None,
) -> list[dict[str, str]]:
    """Write patients and read labels.csv back."""
    simulator(columns, write, finish=finish)(folder, n, seed, lambda: None)
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digests(folder: Path) -> dict[str, str]:
    """By file, what is in it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
