"""The inputs and numbers of this folder."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

from training.evaluation.interval import Floats

HERE = Path(__file__).parent
NUMBERS: dict[str, Any] = json.loads((HERE / "numbers.json").read_text(encoding="utf-8"))


def columns(name: str) -> dict[str, Floats]:
    """Columns of an input table."""
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    values = np.array(rows, np.float64)
    return {column: values[:, k] for k, column in enumerate(header)}
