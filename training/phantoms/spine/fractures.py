"""Vertebral fractures by Genant's type and grade: who has them, where, and what they do to the heights."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["none", "wedge", "biconcave", "crush"]
KINDS: tuple[Kind, ...] = ("wedge", "biconcave", "crush")
KIND_SHARE = (0.62, 0.27, 0.11)  # wedge commonest (NHANES, Tromso; models.md 7.2); the split is an assumption
GRADE_SHARE = (0.45, 0.37, 0.18)  # assumption
# Height loss by grade: 20-25, 25-40, above 40 % (Genant 1993); kept half a per cent away from the limits
LOSS = {1: (0.205, 0.245), 2: (0.255, 0.395), 3: (0.41, 0.60)}
# Peaks at T12-L1; L1, T12, L2 most frequent (JOSR 2023, models.md 7.2); weights in between are assumptions
SITES = {"T11": 0.8, "T12": 1.7, "L1": 2.0, "L2": 1.2, "L3": 0.7, "L4": 0.6, "L5": 0.25}
SEVERAL = 0.30  # of those with a fracture have two or more (models.md 7.2)
BONE_ODDS = 0.8  # log odds of a prevalent fracture per SD of lower trabecular HU; assumption


@dataclass(frozen=True)
class Fracture:
    """Genant's kind and grade (0 for none) and the share of height lost where it is greatest."""

    kind: Kind
    grade: int
    loss: float


WHOLE = Fracture("none", 0, 0.0)


def prevalence(age: float, sex: Literal["M", "F"]) -> float:
    """Share of people with a fracture: below 5 % under 60, 11 % at 70-79, 18 % from 80 (NHANES; models.md 7.2)."""
    share = float(np.interp(age, (40, 55, 65, 75, 85, 95), (0.015, 0.035, 0.065, 0.11, 0.18, 0.22)))
    return share * (1.08 if sex == "F" else 0.92)


def heights(fracture: Fracture, normal: tuple[float, float, float]) -> tuple[float, float, float]:
    """Anterior, middle and posterior height (mm) after the fracture; normal: before it."""
    left = 1 - fracture.loss
    factors = {
        "none": (1.0, 1.0, 1.0),
        "wedge": (left, 1 - 0.62 * fracture.loss, 1 - 0.04 * fracture.loss),
        "biconcave": (1 - 0.12 * fracture.loss, left, 1 - 0.10 * fracture.loss),
        "crush": (left, left, 1 - 0.85 * fracture.loss),
    }[fracture.kind]
    return normal[0] * factors[0], normal[1] * factors[1], normal[2] * factors[2]


def grade_of(measured: tuple[float, float, float], normal: tuple[float, float, float]) -> int:
    """Genant's grade by the largest loss of the three heights against what is normal there."""
    loss = 1 - min(m / n for m, n in zip(measured, normal, strict=True))
    return int(np.searchsorted((0.20, 0.25, 0.40), loss, side="right"))


def draw_fractures(
    rng: np.random.Generator, *, age: float, sex: Literal["M", "F"], bone_z: float
) -> dict[str, Fracture]:
    """Fractures by level; whole levels are left out. bone_z: trabecular HU against the age's mean, in SD."""
    share = prevalence(age, sex)
    odds = share / (1 - share) * np.exp(-BONE_ODDS * bone_z - BONE_ODDS**2 / 2)
    luck, several, extra = rng.random(), rng.random(), int(rng.integers(2, 4))
    weights = np.array(list(SITES.values()))
    order = [str(level) for level in rng.choice(list(SITES), size=3, replace=False, p=weights / weights.sum())]
    drawn = [_draw(rng) for _ in order]
    if luck >= odds / (1 + odds):
        return {}
    count = extra if several < SEVERAL else 1
    return dict(zip(order[:count], drawn[:count], strict=True))


def _draw(rng: np.random.Generator) -> Fracture:
    kind = KINDS[int(rng.choice(3, p=KIND_SHARE))]
    grade = 1 + int(rng.choice(3, p=GRADE_SHARE))
    return Fracture(kind, grade, float(rng.uniform(*LOSS[grade])))
