"""Simulated people of a few pixels for the tests of the fracture model."""

from functools import cache

import numpy as np
import numpy.typing as npt

from training.cohorts.spine_fracture_xr import SpineCohort, of_people
from training.cohorts.spine_pictures import SpinePictures, draw_pictures


@cache
def few(count: int = 6, films: int = 1) -> SpinePictures:
    """Drawn once for all tests of a process."""
    return draw_pictures("train", count, size=96, films=films)


def cohort(count: int = 6, films: int = 1) -> SpineCohort:
    """The same with a referral and a fate."""
    return of_people(few(count, films), "train")


def many(count: int, seed: int = 0) -> SpinePictures:
    """People without pictures, their truth drawn from about the simulator's distributions."""
    rng = np.random.default_rng(seed)
    front = rng.normal(1.027, 0.0286 * 5**0.5, (count, 5))
    heights = 28 * np.stack([front, np.ones((count, 5)), np.ones((count, 5))], 2)
    age = np.clip(rng.normal(60.5, 6.2, count), 50, 75)
    grades = np.zeros((count, 5))
    grades[rng.random(count) < 0.04, 2] = 2
    hu = (145.5 - 2.5 * (age - 60.5) + rng.normal(0, 40, count))[:, None] + np.zeros((count, 5))

    def single(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        return np.asarray(values, np.float32)

    return SpinePictures(
        images=np.zeros((count, 1, 1, 1), np.uint8), points=np.zeros((count, 5, 2), np.float32), hu=single(hu),
        heights=single(heights), normal=single(heights), grades=single(grades),
        discs=single(rng.normal(10.2, 2.1, (count, 4))), age=single(age),
        female=single((rng.random(count) < 0.75).astype(np.float64)), bmi=single(rng.normal(24.1, 3.7, count)),
        seeds=np.arange(count, dtype=np.int64) + 1_000_000 * (1 + seed),
    )  # fmt: skip
