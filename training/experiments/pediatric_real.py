"""What weights trained on simulated children are worth on real radiographs, before and after a little learning there.

`python -m training.experiments.pediatric_real FOLDER OUT`, with the folder that holds `cxr_age.csv` (NIH ChestX-ray14;
its children are of 7 to 17 years, their ages whole years, the size of a pixel unknown).
"""

import csv
import json
import sys
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from models.pediatric_age_cxr.network import AgeNet
from models.pediatric_age_cxr.reader import Reader, load_reader
from training.cohorts.folds import folds_of
from training.cohorts.pediatric_age_cxr import TRUTHS, AgeCohort, row_of, stack
from training.evaluation.bootstrap import bootstrap
from training.evaluation.interval import Floats, Ints
from training.fitting.age_augment import augment
from training.fitting.pediatric_age_cxr import resized, score
from training.fitting.pediatric_tuning import Tuning, tuned

BUNDLE = Path(__file__).parents[2] / "models" / "pediatric_age_cxr" / "bundle"
FOLDS = 5
YEARS = 18  # children below this age
__all__ = ["read_children", "run"]


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
        pixels = np.asarray(picture.convert("L"), np.float32) / 255
    return row_of(pixels, None, size) | {
        "sex": np.int8({"M": 1, "F": 0}.get(row["sex"], -1)),
        "months": np.float32(row["age_months"]),
        "oracle": np.float32(np.nan),
        "truths": np.full(len(TRUTHS), np.nan, np.float32),
        "patient_id": row["patient_id"],
        "vendor": "",
    }
