"""The keypoint network judged on simulated radiographs of a unit that training never saw."""

import numpy as np

from models.hrnet import KeypointHRNet
from training.cohorts.lumbar import LumbarCohort
from training.evaluation.keypoints import judge
from training.fitting.spine_keypoints import find


def judge_keypoints(
    network: KeypointHRNet, cohort: LumbarCohort, *, size: int, device: str = "cpu", seed: int = 0
) -> dict[str, float]:
    """Figures of `training.evaluation.keypoints.judge` with their 95 % intervals (`_low`, `_high`), and the counts.

    Refused pictures are misses, as they are in use. If all were refused there are only counts.
    """
    found = find(network, cohort, size=size, device=device)
    refused = np.array([refusal is not None for refusal in found.refusals])
    counts = {"pictures": float(len(cohort)), "pictures_refused": float(refused.sum())}
    if refused.all():
        return counts
    points = found.points * (cohort.images.shape[-1] / size)
    points[refused] = np.nan
    figures = judge(points, cohort.keypoints, cohort.spacing, cohort.seeds, seed=seed)
    for name, interval in figures.items():
        counts |= {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return counts
