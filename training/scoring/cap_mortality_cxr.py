"""Risk, CURB-65 and both of patients with pneumonia."""

from pathlib import Path

import numpy as np

from models.cap_mortality_cxr.reader import Reader, load_reader
from training.cohorts.cap_mortality_cxr import TOP, CapCohort
from training.cohorts.table import IMAGES, BadRow
from training.evaluation.interval import Bools, Floats
from training.evaluation.scored import ScoredCohort
from training.request import Progress, silent

BATCH = 32


def score(bundle: Path, cohort: CapCohort, *, device: str = "cpu", progress: Progress = silent) -> ScoredCohort:
    """What the bundle says of each patient: died, risk, curb65, oracle, and combined if it holds the coefficients.

    A real picture that the bundle's check of the view refuses is left out as a bad row, as the node would refuse it.

    Raises
    ------
    WeightsMismatch
        If card, configuration and weights do not belong together.
    """
    reader = load_reader(bundle, device=device)
    frontal = _frontal(reader, cohort)
    refused = tuple(
        BadRow(line=line, faults=((IMAGES.name, "not-a-frontal-chest: does not look like an upright frontal chest"),))
        for line, good in zip(cohort.line, frontal, strict=True)
        if not good
    )
    own = _probabilities(reader, cohort, progress)
    values = {
        "died": cohort.died, "risk": reader.recalibrated("risk", own), "curb65": cohort.curb65,
        "oracle": cohort.oracle,
    }  # fmt: skip
    if reader.combination is not None:
        values["combined"] = reader.recalibrated("combined", reader.combination(own, cohort.curb65))
    everybody = ScoredCohort(
        model_name="cap_mortality_cxr", name="cohort", patient_id=np.array(cohort.patient_id, np.str_), values=values,
        groups={name: np.array(labels, np.str_) for name, labels in cohort.groups.items()}, bad=refused,
    )  # fmt: skip
    return everybody.take(frontal)


def _frontal(reader: Reader, cohort: CapCohort) -> Bools:
    if cohort.gate is None or not len(cohort):
        return np.ones(len(cohort), np.bool_)
    squares = (cohort.gate / np.float32(TOP)).astype(np.float32)
    return np.asarray(reader.frontal(squares) >= reader.gate_threshold, np.bool_)


def _probabilities(reader: Reader, cohort: CapCohort, progress: Progress) -> Floats:
    parts = []
    for start in range(0, len(cohort), BATCH):
        squares = (cohort.images[start : start + BATCH] / np.float32(TOP)).astype(np.float32)
        parts.append(reader.probabilities(squares))
        progress("scoring", min(start + BATCH, len(cohort)), len(cohort))
    return np.concatenate(parts) if parts else np.zeros(0)
