"""What weights trained on simulated children are worth on real radiographs, before and after a little learning there.

`python -m training.experiments.pediatric_real FOLDER OUT`, with the folder that holds `cxr_age.csv` (NIH ChestX-ray14;
its children are of 7 to 17 years, their ages whole years, the size of a pixel unknown).
"""

import csv
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from models.pediatric_age_cxr.preprocess import scalars, to_tensor
from models.pediatric_age_cxr.reader import Reader, load_reader
from training.cohorts.folds import folds_of
from training.cohorts.pediatric_age_cxr import TRUTHS, AgeCohort, row_of, stack
from training.evaluation.bootstrap import Draws, bootstrap
from training.evaluation.interval import Floats, Ints
from training.evaluation.regression import errors
from training.fitting.pediatric_age_cxr import score
from training.fitting.pediatric_tuning import Tuning, tuned
from training.request import Progress, silent

BUNDLE = Path(__file__).parents[2] / "models" / "pediatric_age_cxr" / "bundle"
FOLDS = 5
YEARS = 18  # children below this age
ARMS = ("simulation", "median", "line", "tuned")


def read_children(folder: Path, size: int) -> AgeCohort:
    """The children of `cxr_age.csv`, their pictures of `size` pixels.

    Raises
    ------
    OSError, KeyError, ValueError
        If the folder holds something else.
    """
    with (folder / "cxr_age.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if float(row["age_years"]) < YEARS]
    return AgeCohort(**stack([_child(folder, row, size) for row in rows]))


def _child(folder: Path, row: Mapping[str, str], size: int) -> dict[str, object]:
    with Image.open(folder / row["file"]) as picture:
        pixels = np.asarray(picture.convert("L"), np.float32) / np.float32(255)
    return row_of(pixels, None, size) | {
        "sex": np.int8({"M": 1, "F": 0}.get(row["sex"], -1)),
        "months": np.float32(row["age_months"]),
        "oracle": np.float32(np.nan),
        "truths": np.full(len(TRUTHS), np.nan, np.float32),
        "patient_id": row["patient_id"],
        "vendor": "",
    }


def run(
    folder: Path,
    out: Path,
    *,
    seed: int = 0,
    scale: Literal["tiny", "full"] = "full",
    bundle: Path = BUNDLE,
    progress: Progress = silent,
) -> Mapping[str, float]:
    """Mean absolute errors in months, out of fold, with paired bootstrap intervals by patient; out/results.json.

    Arms: the shipped weights as they are ("simulation"), the median age of the other folds ("median"), a straight line
    through the shipped weights' answers ("line"), and the last stage and head trained on the other folds ("tuned").

    Parameters
    ----------
    folder
        Holds `cxr_age.csv` and its images.
    out
        Folder for the results.
    seed
        Of folds and training.
    scale
        "tiny" trains one epoch: for tests.
    bundle
        Weights to start from.
    progress
        Called with ("tuning", folds done, folds).
    """
    torch.set_num_threads(1)
    reader = load_reader(bundle)
    cohort = read_children(folder, reader.size)
    told = _told(reader, cohort, Tuning(epochs=1) if scale == "tiny" else Tuning(), seed=seed, progress=progress)
    true = cohort.months.astype(np.float64)
    draws = _draws(told, true, cohort.patient_id)
    results = {"radiographs": float(len(cohort)), "patients": float(np.unique(cohort.patient_id).size)}
    results |= {"youngest_months": float(true.min()), "oldest_months": float(true.max())}
    for place, arm in enumerate(ARMS):
        found = draws.interval(place)
        results |= {f"{arm}_mae": found.value, f"{arm}_mae_low": found.low, f"{arm}_mae_high": found.high}
        results[f"{arm}_bias"] = float(np.mean(told[arm] - true))
        if arm != "median":
            gap = draws.difference(place, ARMS.index("median"))
            results |= {f"{arm}_minus_median": gap.value, f"{arm}_minus_median_low": gap.low,
                        f"{arm}_minus_median_high": gap.high}  # fmt: skip
            spearman = errors(told[arm], true).spearman
            results |= {} if spearman is None else {f"{arm}_spearman": spearman}
    results |= _interval_and_distance(reader, cohort)
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return results


def _told(reader: Reader, cohort: AgeCohort, tuning: Tuning, *, seed: int, progress: Progress) -> Mapping[str, Floats]:
    """Ages by arm, (N,) each, every child's told by what the other folds taught."""
    fold = folds_of(cohort.patients, FOLDS, seed=seed)
    plain = score(reader.network, cohort, size=reader.size).months
    told = {arm: np.full(len(cohort), np.nan) for arm in ARMS} | {"simulation": plain}
    for number in range(FOLDS):
        test, train = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        ages = cohort.months[train].astype(np.float64)
        told["median"][test] = np.median(ages)
        slope, intercept = np.polyfit(plain[train], ages, 1)
        told["line"][test] = intercept + slope * plain[test]
        net = tuned(reader.network, cohort.take(train), tuning, seed=seed)
        told["tuned"][test] = score(net, cohort.take(test), size=reader.size).months
        progress("tuning", number + 1, FOLDS)
    return told


def _draws(told: Mapping[str, Floats], true: Floats, patients: npt.NDArray[np.str_]) -> Draws:
    off = np.stack([np.abs(told[arm] - true) for arm in ARMS])

    def means(rows: Ints) -> list[float]:
        return [float(value) for value in off[:, rows].mean(1)]

    return bootstrap(means, patients)


def _interval_and_distance(reader: Reader, cohort: AgeCohort) -> dict[str, float]:
    """How often the shipped interval holds here, and how far these pictures are from the simulated ones."""
    ages = reader.of(*_inputs(cohort))
    inside = (ages.lower <= cohort.months) & (cohort.months <= ages.upper)
    return {
        "simulation_interval_coverage": float(inside.mean()),
        "simulation_interval_width": float(np.mean(ages.upper - ages.lower)),
        "median_distance": float(np.median(ages.distance)),
        "share_beyond_ood_limit": float(np.mean(ages.distance > 1)),
    }


def _inputs(cohort: AgeCohort) -> tuple[torch.Tensor, torch.Tensor]:
    told = scalars(cohort.sexes, cohort.known.tolist(), cohort.scale.tolist())
    return to_tensor([picture.astype(np.float32) / 255 for picture in cohort.scaled]), told


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))
