"""Log-hazards of every arm and risks of people with a lateral lumbar radiograph, the keypoints found by the network."""

from pathlib import Path

import numpy as np

from models.spine_fracture_xr.calibration import HORIZONS
from models.spine_fracture_xr.reader import FractureReader, Reading, load_reader
from training.cohorts.spine_fracture_xr import SpineCohort
from training.cohorts.table import IMAGES, BadRow
from training.evaluation.interval import Bools, Floats
from training.evaluation.scored import ScoredCohort
from training.request import Progress, silent

NAME = "spine_fracture_xr"
BATCH = 64


def score(bundle: Path, cohort: SpineCohort, *, device: str = "cpu", progress: Progress = silent) -> ScoredCohort:
    """What the bundle says of each person: see `values_of` for the columns.

    A picture on which the keypoint network finds no lumbar spine is left out as a bad row.

    Raises
    ------
    WeightsMismatch
        If card, configuration and weights do not belong together.
    """
    return scored(load_reader(bundle, device=device), cohort, progress=progress)


def scored(reader: FractureReader, cohort: SpineCohort, *, progress: Progress = silent) -> ScoredCohort:
    """The same with a bundle that is already loaded."""
    readings, refusals = [], []
    for start in range(0, len(cohort), BATCH):
        rows = np.arange(start, min(start + BATCH, len(cohort)))
        squares = cohort.images[rows, 0].astype(np.float32) / 255
        located = reader.find(squares)
        found = located.refusals
        good = np.array([refusal is None for refusal in found])
        if good.any():
            shown = reader.show(squares[good], located.points[good])
            readings.append(reader.read(shown, cohort.clinical[rows[good]]))
        refusals += found
        progress("scoring", int(rows[-1]) + 1, len(cohort))
    kept = np.array([refusal is None for refusal in refusals], np.bool_)
    bad = tuple(
        BadRow(line=int(line), faults=((IMAGES.name, f"must show a lateral lumbar spine: {refusal}"),))
        for line, refusal in zip(cohort.line, refusals, strict=True)
        if refusal is not None
    )
    return ScoredCohort(
        model_name=NAME, name="cohort", patient_id=cohort.patient_id[kept], values=values_of(cohort, kept, readings),
        groups={
            "sex": cohort.sex[kept], "age_band": cohort.age_band[kept], "vendor": cohort.vendor[kept],
        }, bad=bad,
    )  # fmt: skip


def values_of(cohort: SpineCohort, kept: Bools, readings: list[Reading]) -> dict[str, Floats]:
    """Columns: time (years), event, oracle, frax; the arms and Cox models (log-hazards); risk_1, risk_3, risk_5.

    Also the percentile among the reference cohort and the distance from the training data.
    """
    values = {
        "time": cohort.time[kept], "event": cohort.event[kept].astype(np.float64), "oracle": cohort.lp[kept],
        "frax": cohort.frax[kept],
    }  # fmt: skip
    if not readings:
        return values
    for name in readings[0].hazards:
        values[name] = np.concatenate([reading.hazards[name] for reading in readings])
    for name in readings[0].cox:
        values[name] = np.concatenate([reading.cox[name] for reading in readings])
    risks = np.concatenate([reading.risks for reading in readings])
    for column, horizon in enumerate(HORIZONS):
        values[f"risk_{horizon:g}"] = risks[:, column]
    values["percentile"] = np.concatenate([reading.percentile for reading in readings])
    values["distance"] = np.concatenate([reading.distance for reading in readings])
    return values
