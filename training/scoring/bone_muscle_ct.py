"""A cohort as `bone_muscle_ct` scores it, for `opportune evaluate`."""

from pathlib import Path

import numpy as np

from models.bone_muscle_ct.network import BINS
from models.bone_muscle_ct.preprocess import Stack
from models.bone_muscle_ct.reader import Reader, Readings, load_reader
from training.cohorts.bone_muscle_data import BoneMuscleCohort, unpack
from training.evaluation.interval import Floats
from training.evaluation.scored import ScoredCohort
from training.evaluation.subgroups import bands
from training.request import Progress, silent

BATCH = 32
AGES = (60.0, 70.0)  # edges of the age bands


def score(
    bundle: Path, cohort: BoneMuscleCohort, *, name: str = "external", device: str = "cpu", progress: Progress = silent
) -> ScoredCohort:
    """One row for each fate of each person (real people have one); a person's rows are drawn together.

    Columns: time (years), event, fracture (0/1 now), fracture_score, risk_1..5, bone_1..5, frax and oracle where known.

    Raises
    ------
    WeightsMismatch
        If the bundle cannot be read.
    ValueError
        If the cohort's slices have another size than the bundle's.
    """
    reader = load_reader(bundle, device=device)
    parts = []
    for start in range(0, len(cohort), BATCH):
        rows = np.arange(start, min(start + BATCH, len(cohort)))
        parts.append(_read(reader, cohort.take(rows)))
        progress("score", int(rows[-1]) + 1, len(cohort))
    lives = cohort.time.shape[1]

    def each(values: Floats) -> Floats:
        return np.repeat(np.asarray(values, np.float64), lives)

    risks, bone = (np.concatenate([getattr(part, field) for part in parts]) for field in ("risks", "bone_risks"))
    values = {
        "time": cohort.time.ravel().astype(np.float64), "event": cohort.event.ravel().astype(np.float64),
        "fracture": each(cohort.fractured.astype(np.float64)),
        "fracture_score": each(np.concatenate([part.fracture for part in parts])),
        **{f"risk_{k + 1}": each(risks[:, k]) for k in range(BINS)},
        **{f"bone_{k + 1}": each(bone[:, k]) for k in range(BINS)},
        "frax": each(cohort.frax.astype(np.float64)), "oracle": each(cohort.lp.astype(np.float64)),
    }  # fmt: skip
    known = np.isfinite(cohort.age)
    age_band = np.full(len(cohort), "", dtype="<U16")
    age_band[known] = bands(cohort.age[known].astype(np.float64), AGES)
    groups = {"sex": cohort.sex, "age_band": age_band, "vendor": cohort.vendor}
    return ScoredCohort(
        model_name="bone_muscle_ct", name=name, patient_id=np.repeat(cohort.patient_id, lives), values=values,
        groups={key: np.repeat(column, lives) for key, column in groups.items()},
    )  # fmt: skip


def _read(reader: Reader, cohort: BoneMuscleCohort) -> Readings:
    masks = unpack(cohort.masks, cohort.pictures.shape[-1])
    return reader.read([
        Stack(pictures=cohort.pictures[k], bone=masks[k, 0], muscle=masks[k, 1], present=cohort.present[k])
        for k in range(len(cohort))
    ])  # fmt: skip
