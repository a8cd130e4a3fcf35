"""How far real chest radiographs are from the phantoms that taught `cap_mortality_cxr`, and which risks they get.

`python -m training.experiments.cap_real NIH HANNOVER OUT`, with the folders that hold `cxr_age.csv` (NIH ChestX-ray14)
and `cxr_survival.csv` (Hannover, COVID-19). No outcome is used: the pictures have none within 30 days worth judging by.
"""

import csv
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from models import ood
from models.cap_mortality_cxr import preprocess
from models.cap_mortality_cxr.reader import Reader, load_reader
from models.weights import read_weights
from training.evaluation.interval import Floats

BUNDLE = Path(__file__).parents[2] / "models" / "cap_mortality_cxr" / "bundle"
ADULT_YEARS = 19.0  # as in `models.cap_mortality_cxr.selection`
PERCENTILES = (5, 50, 95)

Row = Mapping[str, str]
GROUPS: Mapping[str, tuple[str, Callable[[Row], bool]]] = {
    "nih_no_finding": ("cxr_age.csv", lambda row: _adult(row) and row["finding"] == "No Finding"),
    "nih_pneumonia": ("cxr_age.csv", lambda row: _adult(row) and "Pneumonia" in row["finding"]),
    "hannover": ("cxr_survival.csv", lambda row: row["file"] != ""),
}
"""By name: table, and which of its rows belong."""


def _adult(row: Row) -> bool:
    return float(row["age_years"]) >= ADULT_YEARS


def run(nih: Path, hannover: Path, out: Path, *, most: int = 100, bundle: Path = BUNDLE) -> Mapping[str, float]:
    """Median distance (1: the 99th percentile of simulated validation patients), share beyond 1, percentiles of risk.

    Parameters
    ----------
    nih, hannover
        Hold the tables and their images.
    out
        Folder for results.json.
    most
        Pictures of a group, the first by name.
    bundle
        Weights to try.

    Raises
    ------
    OSError, KeyError, ValueError
        If a folder holds something else.
    """
    reader = load_reader(bundle)
    tensors = read_weights(reader.card, bundle)
    constants = {name: tensors[f"ood.{name}"].float() for name in ood.NAMES}
    results: dict[str, float] = {}
    for name, (table, belongs) in GROUPS.items():
        folder = nih if table == "cxr_age.csv" else hannover
        with (folder / table).open(encoding="utf-8", newline="") as file:
            rows = sorted((row for row in csv.DictReader(file) if belongs(row)), key=lambda row: row["file"])[:most]
        risks, far = _read(reader, constants, [folder / row["file"] for row in rows])
        low, middle, high = np.percentile(100 * risks, PERCENTILES)
        told = {
            "pictures": len(rows), "median_distance": np.median(far), "share_beyond": (far > 1).mean(),
            "risk_low": low, "risk_median": middle, "risk_high": high,
        }  # fmt: skip
        results |= {f"{name}_{key}": float(value) for key, value in told.items()}
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return results


@torch.inference_mode()
def _read(reader: Reader, constants: Mapping[str, Tensor], paths: list[Path]) -> tuple[Floats, Floats]:
    """(N,) risks in 0..1 and (N,) distances."""
    risks, far = [], []
    for path in paths:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("L"), np.float32) / np.float32(255)
        square, _ = preprocess.prepare(pixels, reader.size)
        risks.append(float(reader.probabilities(square[None])[0]))
        x = torch.from_numpy(np.asarray((square - preprocess.MEAN) / preprocess.SD, np.float32))[None, None]
        far.append(float(ood.distance(constants, reader.network(x).features[0])))
    return np.asarray(risks), np.asarray(far)


if __name__ == "__main__":
    run(*(Path(word) for word in sys.argv[1:4]))
