"""Risks of patients with SSc-ILD: the model's, its parts', the extent of disease and the oracle's score."""

from pathlib import Path

import numpy as np

from models.ssc_ild_mortality_ct.network import YEARS
from models.ssc_ild_mortality_ct.reader import FUSION, Reader, Reading, load_reader
from training.cohorts.ssc_ild_mortality_ct import IldCohort
from training.evaluation.interval import Floats
from training.evaluation.scored import ScoredCohort
from training.evaluation.subgroups import bands
from training.request import Progress, silent

MODEL = "ssc_ild_mortality_ct"
TOGETHER = 32  # scans between two reports of progress
AGE_BANDS = (45.0, 55.0, 65.0)


def score(bundle: Path, cohort: IldCohort, *, device: str = "cpu", progress: Progress = silent) -> ScoredCohort:
    """What a bundle says of each scan: time, event, risk_1 to risk_5, the same of each part, extent (per cent), oracle.

    Raises
    ------
    WeightsMismatch
        If card, configuration and weights do not belong together.
    ValueError
        If the cohort was prepared for another size than the bundle's.
    """
    return scored(load_reader(bundle, device=device), cohort, name="cohort", progress=progress)


def scored(reader: Reader, cohort: IldCohort, *, name: str, progress: Progress = silent) -> ScoredCohort:
    """The same for a reader that is loaded."""
    columns: dict[str, Floats] = {
        "time": cohort.time.astype(np.float64),
        "event": cohort.event.astype(np.float64),
        "extent": 100 * cohort.extent.astype(np.float64),
        "oracle": cohort.lp.astype(np.float64),
    }
    readings = [
        _read(reader, cohort, begin, progress) for begin in range(0, len(cohort), TOGETHER)
    ]  # fmt: skip
    parts = [part for part in (*reader.networks, "radiomics", FUSION) if readings]
    for part in parts:
        risks = np.concatenate([reading.risks[part] for reading in readings])
        prefix = "risk" if part == FUSION else part
        columns |= {f"{prefix}_{year}": risks[:, year - 1] for year in range(1, YEARS + 1)}
    if readings:
        columns["distance"] = np.concatenate([reading.distance for reading in readings])
    age = np.nan_to_num(cohort.age.astype(np.float64), nan=-1.0)
    banded = bands(age, AGE_BANDS) if len(age) else ()
    return ScoredCohort(
        model_name=MODEL, name=name, patient_id=cohort.patient_id, values=columns,
        groups={
            "sex": cohort.sex, "vendor": cohort.vendor,
            "age_band": np.where(age >= 0, np.array(banded, np.str_), "") if len(age) else np.zeros(0, np.str_),
        },
    )  # fmt: skip


def _read(reader: Reader, cohort: IldCohort, begin: int, progress: Progress) -> Reading:
    some = slice(begin, begin + TOGETHER)
    reading = reader.read(cohort.images[some], cohort.features[some].astype(np.float64))
    progress("scoring", min(begin + TOGETHER, len(cohort)), len(cohort))
    return reading
