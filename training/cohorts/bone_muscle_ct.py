"""Simulated people of `bone_muscle_ct`, ready for training."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.bone_muscle_ct.layout import LEVELS
from models.bone_muscle_ct.preprocess import VERSION, Stack, coarsen, encode
from training.cohorts.bone_muscle_data import BoneMuscleCohort, by_level, pack
from training.cohorts.bone_muscle_site import LAYOUT
from training.cohorts.bone_muscle_site import read_for as read
from training.cohorts.drawing import draw_rows, kept
from training.outcomes.bone_muscle_ct import MUSCLE, Person, draw_fates, linear_predictor
from training.phantoms.spine.anatomy import Sex
from training.phantoms.spine.fractures import Fracture, draw_fractures
from training.phantoms.spine.phantom import SIMULATOR_VERSION, Truth, draw_person
from training.phantoms.spine.slices import SPINAL, SpineSlices, make_spine_slices

__all__ = ["LAYOUT", "Fates", "read", "simulate", "spinal_muscle", "with_fates"]

# First seeds of the splits: no seed is in two splits, none is used by the demo (below 1000)
SPLIT_SEEDS = {"train": 1_000_000, "validation": 20_000_000, "test": 40_000_000, "external": 60_000_000}
ENRICHED = 0.35  # share of the training split that is given a fracture; without, too few are seen. Assumption
PAINTED = 2.0  # mm at which slices are painted before they are made coarser
STATE = ("trabecular_120", "muscle_hu_native", "muscle_area_l3", "age", "woman")

Row = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class Fates:
    """How outcomes are drawn for people who are drawn already."""

    beta_muscle: float = MUSCLE
    long: bool = False  #: follow-up until most have had the event
    each: int = 1  #: fates of each person


def simulate(
    split: str, count: int, *, size: int = 48, pixel: float = 4.0, seed: int = 0, fates: Fates | None = None,
    workers: int = 1, cache: Path | None = None, progress: Callable[[int, int], None] | None = None,
) -> BoneMuscleCohort:  # fmt: skip
    """`count` people of a split ("train", "validation", "test", "external").

    The same arguments give the same cohort, whatever `workers`. People with metal in the spine are drawn without it:
    their CT would not be read. `cache` keeps the slices, which do not depend on `fates`.

    Raises
    ------
    ValueError
        If the split is unknown, count is not positive, or size is no multiple of 8.
    """
    if split not in SPLIT_SEEDS or count < 1:
        raise ValueError(f"split must be one of {', '.join(SPLIT_SEEDS)} and count positive, got {split!r}, {count}")
    if size % 8:
        raise ValueError(f"size must be a multiple of 8, got {size}")
    first = SPLIT_SEEDS[split] + 1_000_000_000 * seed
    name = f"bone_muscle_ct-{SIMULATOR_VERSION}-{VERSION}-{split}-{count}-{size}-{pixel}-{ENRICHED}-{seed}"
    make = partial(_person, size=size, pixel=pixel, split=split)

    def draw() -> Row:
        rows = draw_rows(range(first, first + count), make, workers=workers, progress=progress)
        return {key: np.stack([row[key] for row in rows]) for key in rows[0]}

    return with_fates(kept(cache, name, draw), fates or Fates(), np.random.default_rng([first, 41]))


def with_fates(drawn: Row, fates: Fates, rng: np.random.Generator) -> BoneMuscleCohort:
    """People as drawn, and what comes of them."""
    state = {key: drawn[key].astype(np.float64) for key in STATE}
    fractured = np.asarray((drawn["broken"] > 0).any(1), np.float64)
    lp = linear_predictor(
        Person(
            trabecular=state["trabecular_120"], fractured=fractured, muscle_hu=state["muscle_hu_native"],
            muscle_area=state["muscle_area_l3"], age=state["age"], woman=state["woman"],
        ),
        beta_muscle=fates.beta_muscle,
    )  # fmt: skip
    drawn_fates = [draw_fates(lp, rng, long=fates.long) for _ in range(fates.each)]
    count = len(lp)
    return BoneMuscleCohort(
        pictures=drawn["pictures"], masks=drawn["masks"], present=np.ones(drawn["pictures"].shape[:2], np.bool_),
        trabecular=drawn["trabecular"], muscle=drawn["muscle"], broken=drawn["broken"],
        time=np.stack([s.time for s in drawn_fates], 1).astype(np.float32),
        event=np.stack([s.event for s in drawn_fates], 1), lp=lp.astype(np.float32),
        age=state["age"].astype(np.float32), sex=np.where(state["woman"] > 0, "F", "M"),
        frax=np.full(count, np.nan, np.float32), told=np.full(count, np.nan, np.float32),
        vendor=np.full(count, "Simulator"), patient_id=np.array([str(s) for s in drawn["seed"]]),
    )  # fmt: skip


def spinal_muscle(truth: Truth) -> tuple[float, float]:
    """HU and area (cm2) of the muscles along the spine in the slice through L3's middle."""
    parts = [truth.muscles[name] for name in SPINAL if name in truth.muscles]
    area = sum(part.area for part in parts)
    return sum(part.hu * part.area for part in parts if part.area) / area, area


def _person(seed: int, *, size: int, pixel: float, split: str) -> Row:
    fine = max(1, round(pixel / PAINTED))
    made = make_spine_slices(
        seed, size=size * fine, pixel=pixel / fine, external=split == "external", hardware=False,
        fractures=_given(seed) if split == "train" else None,
    )  # fmt: skip
    bone, muscle = (coarsen(mask.astype(np.float32), fine) > 0.5 for mask in (made.bone, made.muscle))
    present = np.ones(len(made.hu), np.bool_)
    stack = Stack(pictures=encode(coarsen(made.hu, fine)), bone=bone, muscle=muscle, present=present)
    numbers: dict[str, list[float]] = {
        "trabecular": by_level(made.truth.trabecular_hu), "muscle": list(spinal_muscle(made.truth)),
        "broken": [float(made.truth.fractures[level].grade > 0) for level in LEVELS],
    }  # fmt: skip
    row: Row = {key: np.asarray(values, np.float32) for key, values in (numbers | _state(made)).items()}
    return row | {"pictures": stack.pictures, "masks": pack(stack), "seed": np.asarray(seed)}


def _state(made: SpineSlices) -> dict[str, Any]:
    body = made.anatomy
    hu = float(np.mean([made.truth.trabecular_hu_120[level] for level in ("L1", "L2", "L3")]))
    return dict(zip(STATE, (hu, body.muscle_hu, body.muscle_area, body.age, float(body.sex == "F")), strict=True))


def _given(seed: int) -> dict[str, Fracture] | None:
    """Fractures for the share of people who are given one; None leaves them to chance."""
    rng = np.random.default_rng([seed, 42])
    if rng.random() >= ENRICHED:
        return None
    age, sex = draw_person(seed)
    return _some(rng, age, sex)


def _some(rng: np.random.Generator, age: float, sex: Sex) -> dict[str, Fracture]:
    while True:
        found = draw_fractures(rng, age=age, sex=sex, bone_z=-2.0)
        if found:
            return found
