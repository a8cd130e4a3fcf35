"""Fit the shape model of the T11-L5 centres to real keypoints; only its parameters are kept (curve.json).

Keypoints: body centres of 2,116 CTs in mm, LPS axes. Licence of the keypoints and so of the parameters derived from
them: CC BY-SA 4.0, see the "source" and "licence" entries of the file.
"""

import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

LEVELS = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")
SPACINGS = (14.0, 50.0)  # mm between neighbouring centres; outside: a mislabelled or missed vertebra
COMPONENTS = 8
SOURCE = (
    "VID vertebra identification dataset (Buergin, Prevost, Stollenga: Robust vertebra identification using "
    "simultaneous node and edge predicting graph neural networks, 2023; github.com/ImFusionGmbH/"
    "VID-vertebra-identification-dataset), keypoints of VerSe, CT Colonography and Pancreas-CT; changed: reduced to "
    "mean and principal components of the length-normalised line of the T11-L5 body centres"
)
LICENCE = "CC BY-SA 4.0 (https://creativecommons.org/licenses/by-sa/4.0/): this file, with attribution to VID"


def read_centres(path: Path) -> npt.NDArray[np.float64]:
    """(cases, 7, 3) mm, LPS, of the cases that have all seven levels at plausible distances."""
    cases: dict[str, dict[str, tuple[float, float, float]]] = defaultdict(dict)
    with path.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["keypoint"] == "body":
                cases[row["case"]][row["level"]] = (float(row["x_mm"]), float(row["y_mm"]), float(row["z_mm"]))
    full = np.array([[case[level] for level in LEVELS] for case in cases.values() if set(LEVELS) <= case.keys()])
    gaps = np.linalg.norm(np.diff(full, axis=1), axis=2)
    ordered = (np.diff(full[:, :, 2], axis=1) < 0).all(1)
    return np.asarray(full[ordered & (gaps > SPACINGS[0]).all(1) & (gaps < SPACINGS[1]).all(1)])


def fit(centres: npt.NDArray[np.float64], components: int = COMPONENTS) -> dict[str, object]:
    """Mean (7, 3), components (n, 7, 3) scaled by their SD, and the L1-L5 length's mean and SD in mm.

    A case is centred on L3 and divided by its L1-L5 distance, so size and shape are drawn apart.
    """
    length = np.linalg.norm(centres[:, 2] - centres[:, 6], axis=1)
    shape = ((centres - centres[:, 4:5]) / length[:, None, None]).reshape(len(centres), -1)
    mean = shape.mean(0)
    _, singular, axes = np.linalg.svd(shape - mean, full_matrices=False)
    spread = axes[:components] * (singular[:components, None] / np.sqrt(len(centres) - 1))
    return {
        "source": SOURCE,
        "licence": LICENCE,
        "levels": list(LEVELS),
        "cases": len(centres),
        "length_mm": [round(float(length.mean()), 2), round(float(length.std()), 2)],
        "explained": round(float((singular[:components] ** 2).sum() / (singular**2).sum()), 4),
        "mean": np.round(mean.reshape(-1, 3), 5).tolist(),
        "components": np.round(spread.reshape(components, -1, 3), 5).tolist(),
    }


def write(source: Path, target: Path) -> None:
    """Fit the keypoints in `source` and write the parameters."""
    parameters = fit(read_centres(source))
    parts = [f' "{key}": {json.dumps(value)}' for key, value in parameters.items() if key != "components"]
    rows = ",\n  ".join(json.dumps(row) for row in parameters["components"])  # type: ignore[attr-defined]
    target.write_text("{\n" + ",\n".join([*parts, f' "components": [\n  {rows}\n ]']) + "\n}\n", encoding="utf-8")
