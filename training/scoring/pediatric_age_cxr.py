"""What a bundle of `pediatric_age_cxr` says of a cohort, for evaluation."""

from pathlib import Path

import numpy as np

from models.pediatric_age_cxr.preprocess import MEAN, SD, scalars
from models.pediatric_age_cxr.reader import GROUPS, group_of, load_reader
from screening.errors import ConfigurationError
from training.cohorts.pediatric_age_cxr import AgeCohort
from training.evaluation.scored import ScoredCohort
from training.fitting.pediatric_age_cxr import resized
from training.request import Progress, silent

TOGETHER = 32  # pictures in one pass


def score(
    bundle: Path, cohort: AgeCohort, *, name: str = "internal", device: str = "cpu", progress: Progress = silent
) -> ScoredCohort:
    """Ages, intervals and the oracle's estimate, months.

    Parameters
    ----------
    bundle
        A folder as training writes it.
    cohort
        Children, their pictures at least of the size that the network takes.
    name
        Of the cohort, for reports.
    device
        "auto", "cpu" or "cuda".
    progress
        Called with ("score", done, total).

    Raises
    ------
    WeightsMismatch
        If the bundle does not fit together.
    ConfigurationError
        If the pictures are smaller, or there are none.
    """
    reader = load_reader(bundle, device=device)
    if not len(cohort) or cohort.size < reader.size:
        raise ConfigurationError(
            f"cohort must have pictures of {reader.size} pixels or more, got {len(cohort)} of {cohort.size}"
        )
    scale, found = cohort.scale, []
    for start in range(0, len(cohort), TOGETHER):
        rows = np.arange(start, min(start + TOGETHER, len(cohort)))
        told = scalars(cohort.take(rows).sexes, cohort.known[rows].tolist(), scale[rows].tolist())
        found.append(reader.of((resized(cohort.scaled[rows], reader.size) - MEAN) / SD, told))
        progress("score", int(rows[-1]) + 1, len(cohort))
    return ScoredCohort(
        model_name=reader.card.name,
        name=name,
        patient_id=cohort.patient_id,
        values={
            "true_months": cohort.months.astype(np.float64),
            "months": np.concatenate([ages.months for ages in found]),
            "lower": np.concatenate([ages.lower for ages in found]),
            "upper": np.concatenate([ages.upper for ages in found]),
            "oracle": cohort.oracle.astype(np.float64),
        },
        groups={
            "sex": np.array([sex or "" for sex in cohort.sexes]),
            "age_band": np.array(GROUPS)[group_of(cohort.months)],
            "vendor": cohort.vendor,
        },
    )
