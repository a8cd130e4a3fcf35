"""The line of the vertebral centres, drawn from a statistical shape model of real CTs (fit_shape.py)."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np

from training.phantoms.spine.grid import Vector

SEX_OF_LENGTH = (
    0.026  # men's L1-L5 longer than the pooled mean by this share, women's shorter; assumption: heights x0.955
)
BEYOND = 2.5  # principal components are cut at this many SD


@dataclass(frozen=True)
class ShapeModel:
    """mean (7, 3) and components (n, 7, 3), T11-L5, in units of the L1-L5 length; length: mean and SD, mm."""

    mean: Vector
    components: Vector
    length: tuple[float, float]
    attribution: str


@cache
def shape_model() -> ShapeModel:
    """The committed parameters."""
    stored = json.loads(files(__package__).joinpath("curve.json").read_text(encoding="utf-8"))
    text = f"{stored['source']}. Licence: {stored['licence']}"
    length = (float(stored["length_mm"][0]), float(stored["length_mm"][1]))
    return ShapeModel(np.array(stored["mean"]), np.array(stored["components"]), length, text)


def draw_curve(rng: np.random.Generator, *, sex: Literal["M", "F"], standing: bool = False) -> tuple[Vector, float]:
    """Centres (7, 3) of T11-L5 in mm, LPS, L3 at the origin, and the person's size relative to the sex's mean.

    standing: adds lordosis, about 7 degrees (assumption): the data are of people lying, most supine, some prone.
    """
    model = shape_model()
    weights = np.clip(rng.standard_normal(len(model.components)), -BEYOND, BEYOND)
    shape = model.mean + np.tensordot(weights, model.components, 1)
    centre, spread = model.length
    share = 1 + (SEX_OF_LENGTH if sex == "M" else -SEX_OF_LENGTH)
    size = float(np.clip(rng.normal(1, 0.9 * spread / centre), 0.83, 1.17))
    points = shape * (centre * share * size)
    if standing:
        z = points[:, 2] / 75.0
        points[:, 1] += rng.uniform(1.0, 6.0) * (z**2 - 1)
        points -= points[4]
    return np.asarray(points, np.float64), size
