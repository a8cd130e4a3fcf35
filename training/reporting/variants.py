"""The six ways of showing a spine to the network, from the results of the experiment that compared them."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from screening.errors import ConfigurationError
from training.reporting import published
from training.reporting.cells import Cell, label
from training.reporting.tables import Table

MEASURES = {"auroc": "AUROC", "sensitivity": "sensitivity", "specificity": "specificity", "ppv": "PPV", "npv": "NPV"}
NOT_THERE = "not in this file"


def variant_table(path: Path | None) -> Table:
    """Table 2 of the paper from a results.json with VARIANT_MEASURE, VARIANT_MEASURE_low and _high.

    VARIANT: full_L1L5, full_L1L4, patches_L1L5, each with or without _mask. MEASURE: auroc, sensitivity, specificity,
    ppv, npv. Without a file the rows hold the published figures only.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, or holds none of the variants.
    """
    found = {} if path is None else _read(path)
    absent = "not evaluated here" if path is None else NOT_THERE
    rows = []
    for key, (title, figures) in published.VARIANTS.items():
        cells = [
            _cell(found, f"{key}_{measure}", text, absent) for measure, text in zip(MEASURES, figures, strict=True)
        ]
        rows.append((label(title), *cells))
    if path is not None and not any(cell.value is not None for row in rows for cell in row[1:]):
        raise ConfigurationError(f"{path.name} holds no variant; it needs numbers such as patches_L1L5_auroc")
    hint = "Six networks, not one bundle: run the experiment that compares them and give its results by --variants."
    return Table(
        key="variants", title="What the network is shown (the paper's Table 2)",
        columns=("input", *MEASURES.values()), rows=tuple(rows),
        notes=(published.VARIANTS_NOTE, *((hint,) if path is None else ())),
    )  # fmt: skip


def _cell(found: Mapping[str, float], name: str, text: str, absent: str) -> Cell:
    if name not in found:
        return Cell(text=absent, published=text)
    return Cell(value=found[name], low=found.get(f"{name}_low"), high=found.get(f"{name}_high"), published=text)


def _read(path: Path) -> dict[str, float]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"results of the variants {path.name} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"results of the variants {path.name} must be names and numbers")
    return {
        str(name): float(value)
        for name, value in content.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    }
