"""A cohort drawn in no time: a bright disc on black whose diameter in mm is the age in months plus 20."""

import numpy as np

from training.cohorts.pediatric_age_cxr import TRUTHS, AgeCohort, row_of, stack

SIDE = 64


def discs(count: int, *, seed: int = 0, size: int = SIDE, simulated: bool = True) -> AgeCohort:
    """Children of whom nothing but their size is seen; the fields are of 1.2 to 2 diameters."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        months = float(rng.uniform(0, 216))
        diameter = months + 20
        field = diameter * rng.uniform(1.2, 2.0)
        away = (np.arange(SIDE) + 0.5) / SIDE - 0.5
        inside = np.hypot(away[:, None], away[None]) * field < diameter / 2
        pixels = (0.1 * rng.random((SIDE, SIDE)) + 0.8 * inside).astype(np.float32)
        rows.append(
            row_of(pixels, (field / SIDE, field / SIDE), size)
            | {
                "sex": np.int8(number % 2), "months": np.float32(months),
                "oracle": np.float32(months if simulated else np.nan),
                "truths": np.full(len(TRUTHS), diameter / 236 if simulated else np.nan, np.float32),
                "patient_id": f"P{number}", "vendor": "",
            }
        )  # fmt: skip
    return AgeCohort(**stack(rows))
