"""Lateral lumbar radiographs of simulated people, with everything about them that a fracture may hang on.

What happens to these people later is drawn apart (`training.outcomes.spine_fracture_xr`): a picture is kept once and
serves every outcome.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.framing import Frame
from models.spine_fracture_xr.preprocess import scale
from training.cohorts.drawing import draw_rows, kept
from training.phantoms.spine.anatomy import Anatomy
from training.phantoms.spine.phantom import SIMULATOR_VERSION
from training.phantoms.spine.radiograph import KEYPOINTS, draw_subject, make_lumbar_radiograph, retake

FloatArray = npt.NDArray[np.float32]
# First seeds of the splits: no seed is in two splits, none is in a split of `training.cohorts.lumbar`, from which the
# keypoints are learnt, and none is used by a demonstration (below 1000)
SPLIT_SEEDS = {"train": 1_000_000, "validation": 21_000_000, "test": 41_000_000, "external": 61_000_000}
BMI = (24.1, 3.7)  # kg/m2, mean and SD of the paper's cohort (models.md 7.2)
BMI_EXTERNAL = 26.2  # mean in the held-out hospital: heavier people; assumption


@dataclass(frozen=True, kw_only=True)
class SpinePictures:
    """N people, each taken by one or several units; levels are L1 to L5."""

    images: npt.NDArray[np.uint8] = field(repr=False)  #: (N, films, size, size) from black 0 to white 255
    points: FloatArray = field(repr=False)  #: (N, 5, 2) column and row of the bodies' centres
    hu: FloatArray = field(repr=False)  #: (N, 5) trabecular, at 120 kVp
    heights: FloatArray = field(repr=False)  #: (N, 5, 3) anterior, middle, posterior, mm, as they are
    normal: FloatArray = field(repr=False)  #: (N, 5, 3) the same before any fracture
    grades: FloatArray = field(repr=False)  #: (N, 5) Genant's, 0 to 3
    discs: FloatArray = field(repr=False)  #: (N, 4) middle height of L1/2 to L4/5, mm
    age: FloatArray = field(repr=False)  #: (N,) years
    female: FloatArray = field(repr=False)  #: (N,) 0 or 1
    bmi: FloatArray = field(repr=False)  #: (N,) kg/m2
    seeds: npt.NDArray[np.int64] = field(repr=False)

    def __len__(self) -> int:
        return len(self.seeds)


NAMES = tuple(f.name for f in fields(SpinePictures))


def draw_bmi(seed: int, *, external: bool = False) -> float:
    """Body mass index of a person of the cohort."""
    mean = BMI_EXTERNAL if external else BMI[0]
    return float(np.clip(np.random.default_rng([seed, 50]).normal(mean, BMI[1]), 17, 42))


def picture_row(seed: int, *, size: int, external: bool, films: int = 1) -> dict[str, np.ndarray]:
    """One person's values of each field of `SpinePictures`."""
    age, sex = draw_subject(seed)
    bmi = draw_bmi(seed, external=external)
    made = make_lumbar_radiograph(seed, longest_side=size, bmi=bmi, external=external)
    frame = Frame(rows=made.pixels.shape[0], columns=made.pixels.shape[1], size=size)
    # the phantom's pixel centres are whole numbers, the frame's lie half a pixel inside
    points = [frame.to_network((column + 0.5, row + 0.5)) for row, column in made.keypoints.values()]
    bodies = [made.anatomy.vertebra(level) for level in KEYPOINTS]
    taken = [made, *(retake(made, number, external=external) for number in range(1, films))]
    values = {
        "images": [np.round(frame.apply(scale(film.pixels)) * 255) for film in taken], "points": points,
        "hu": [v.trabecular_hu for v in bodies], "heights": [v.heights for v in bodies],
        "normal": [v.normal for v in bodies], "grades": [v.fracture.grade for v in bodies],
        "discs": disc_heights(made.anatomy), "age": age, "female": float(sex == "F"), "bmi": bmi,
    }  # fmt: skip
    found = {name: np.asarray(value, np.uint8 if name == "images" else np.float32) for name, value in values.items()}
    return found | {"seeds": np.asarray(seed, np.int64)}


def disc_heights(anatomy: Anatomy) -> list[float]:
    """Middle height of the discs L1/2 to L4/5, mm."""
    bodies = [anatomy.vertebra(level) for level in KEYPOINTS]
    found = []
    for upper, lower in pairwise(bodies):
        gap = upper.place(0, 0, upper.plates(0.0)[0]) - lower.place(0, 0, lower.plates(0.0)[1])
        found.append(float(np.linalg.norm(gap)))
    return found


def draw_pictures(
    split: str,
    count: int,
    *,
    size: int,
    films: int = 1,
    seed: int = 0,
    workers: int = 1,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SpinePictures:
    """`count` people of a split ("train", "validation", "test", "external"), the last from a held-out hospital.

    The same arguments give the same people, whatever `workers`; fewer are the first of more. `cache` is a folder that
    keeps them by what made them. size: pixels along the longer side; films: units that take each of them.

    Raises
    ------
    ValueError
        If the split is unknown or count is not positive.
    """
    if split not in SPLIT_SEEDS or count < 1:
        raise ValueError(f"split must be one of {', '.join(SPLIT_SEEDS)} and count positive, got {split!r}, {count}")
    first = SPLIT_SEEDS[split] + 1_000_000_000 * seed
    make = partial(picture_row, size=size, external=split == "external", films=films)

    def draw() -> dict[str, np.ndarray]:
        rows = draw_rows(range(first, first + count), make, workers=workers, progress=progress)
        return {name: np.stack([row[name] for row in rows]) for name in NAMES}

    return SpinePictures(**kept(cache, f"spine-1-{SIMULATOR_VERSION}-{split}-{count}-{size}-{films}-{seed}", draw))
