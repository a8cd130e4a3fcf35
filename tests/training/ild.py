"""A made-up cohort whose slices are the brighter, the higher the hazard: quick to make and to learn from."""

import numpy as np

from training.cohorts.ssc_ild_mortality_ct import FEATURES, IldCohort
from training.outcomes.survival import Censoring, Weibull, draw_survival


def make_cohort(count: int, *, size: int = 32, slices: int = 2, seed: int = 0, real: bool = False) -> IldCohort:
    """`count` scans, two of each patient; `real`: with outcomes alone, as a site's."""
    rng = np.random.default_rng(seed)
    lp = rng.normal(0, 1.2, count)
    drawn = draw_survival(
        lp, rng, baseline=Weibull(scale=0.08), frailty_sd=0.5, censoring=Censoring(longest=9, accrual=3)
    )  # fmt: skip
    grey = np.clip(110 + 45 * lp, 0, 255)[:, None, None, None]
    images = np.clip(grey + rng.normal(0, 12, (count, slices, size, size)), 0, 255).astype(np.uint8)
    features = rng.normal(0, 1, (count, len(FEATURES))).astype(np.float32)
    features[:, 0] = lp + rng.normal(0, 0.7, count)
    nan = np.float32(np.nan)
    signs = rng.normal(0, 1, (count, 6)).astype(np.float32)
    signs[:, 0] = lp
    return IldCohort(
        images=images, features=features, extent=(0.2 + 0.05 * lp).astype(np.float32),
        time=drawn.time.astype(np.float32), event=drawn.event,
        patient_id=np.array([f"P{number // 2}" for number in range(count)]),
        age=np.full(count, 55, np.float32), sex=np.array(["F", "M"])[np.arange(count) % 2],
        vendor=np.full(count, ""),
        lp=np.full(count, nan) if real else lp.astype(np.float32),
        risk=np.full((count, 5), nan) if real else np.stack([drawn.risk_at(k) for k in range(1, 6)], 1).astype("f4"),
        signs=np.full((count, 6), nan) if real else signs,
        patterns=np.full((count, slices, 3), nan) if real else np.full((count, slices, 3), 0.1, np.float32),
        year=np.zeros(count, np.float32), acquisition=np.zeros((count, 6), np.float32),
        seed=np.arange(count, dtype=np.int64),
    )  # fmt: skip
