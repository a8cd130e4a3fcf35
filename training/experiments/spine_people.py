"""The people of both spine experiments: drawn once, seen with the true keypoints moved as a network would err."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from models.spine_fracture_xr.preprocess import View
from training.cohorts.spine_fracture_xr import SpineCohort, lives, simulate
from training.fitting.spine_hazard import Shown, Tier, show
from training.outcomes.spine_fracture_xr import FollowUp
from training.request import Progress

VALIDATED_LIVES = 6  # of each validation person, by which the best epoch is chosen
Scale = Literal["tiny", "full"]
JITTER = 0.10  # SD of the keypoint error, share of the distance of two vertebrae: as measured, see docs/models

# One budget for every arm and variant of an experiment
TIERS: Mapping[str, Tier] = {
    "tiny": Tier(
        train=60, validation=30, test=60, external=1, stored=128, shown=48, width=0.25, epochs=2, arm_epochs=3,
        batch=30, films=2, lives=2, jitter=JITTER,
    ),
    "full": Tier(
        train=1000, validation=200, test=600, external=1, stored=256, shown=80, width=0.25, epochs=30, arm_epochs=40,
        batch=64, films=4, lives=24, rate=3e-3, jitter=JITTER,
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class People:
    """The splits of an experiment."""

    train: SpineCohort = field(repr=False)
    validation: SpineCohort = field(repr=False)
    test: SpineCohort = field(repr=False)


def draw_people(tier: Tier, *, seed: int, workers: int, cache: Path, progress: Progress) -> People:
    """Train, validation and test people, kept in the cache folder."""

    def draw(split: str, count: int) -> SpineCohort:
        return simulate(
            split, count, size=tier.stored, films=tier.films if split == "train" else 1, seed=seed, workers=workers,
            cache=cache, progress=lambda done, total: progress(f"phantoms:{split}", done, total),
        )  # fmt: skip

    return People(
        train=draw("train", tier.train), validation=draw("validation", tier.validation), test=draw("test", tier.test)
    )


def seen(
    cohort: SpineCohort, split: str, view: View, *, count: int, seed: int, follow_up: FollowUp = "long"
) -> Shown:  # fmt: skip
    """A split as the network sees it, keypoints moved, with `count` lives of each person."""
    people = lives(cohort, split, count, seed=seed, follow_up=follow_up)
    return show(people, view, jitter=JITTER, seed=seed)


def one_life(shown: Shown) -> Shown:
    """The first life only: what a study of patients has."""
    return replace(shown, times=shown.times[:1], events=shown.events[:1])


def repeated(values: np.ndarray, shown: Shown) -> np.ndarray:
    """(N,) of people -> (F * N,) of their lives, in the order of `times.ravel()`."""
    return np.tile(values, len(shown.times))


def write_results(out: Path, results: Mapping[str, float | str]) -> Mapping[str, float | str]:
    """Write results.json and return what is in it."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(dict(results), indent=2) + "\n", encoding="utf-8")
    return results
