"""Hila and pulmonary vessels: a branching tree of blood in each lung."""

import numpy as np

from training.phantoms.canvas import Array, Canvas, Point
from training.phantoms.chest.anatomy import Anatomy

Stroke = tuple[list[Point], float, float]


def pulmonary_vessels(anatomy: Anatomy, canvas: Canvas, rng: np.random.Generator) -> Array:
    """Blood (mm) along each ray: trees that start at the hila and taper to the periphery.

    Vessels of the lower zones are wider when the patient stands (gravity), equal in bed; assumption.
    """
    layers = canvas.zeros()
    h, m = anatomy.lung_height, anatomy.mediastinum
    for side in (-1, 1):
        root = (side * (m + 6) + 0.5 * anatomy.tilt, 0.055 * h - (6 if side > 0 else 0))
        layers += canvas.ellipsoid(root, (0.085 * anatomy.half_width + 4, 0.085 * h), 30 * anatomy.hilum, side * 0.35)
        strokes: list[Stroke] = []
        for angle in np.linspace(-1.25, 1.35, 9):
            low = angle > 0.2
            radius = rng.uniform(2.6, 4.2) * (1.2 if low and anatomy.view == "PA" else 1.0) * anatomy.half_width / 140
            _grow(strokes, rng, root, (side, float(angle) + rng.normal(0, 0.12)), radius=radius, length=0.17 * h)
        strokes.sort(key=lambda stroke: stroke[1])
        layers += canvas.lines(strokes, blur=0.7)
    return layers


def _grow(
    strokes: list[Stroke],
    rng: np.random.Generator,
    start: Point,
    heading: tuple[int, float],
    *,
    radius: float,
    length: float,
) -> None:
    """Add one branch and, until it is too thin, its two daughters (radius falls by 2^(-1/3): Murray 1926)."""
    side, angle = heading
    bend = rng.normal(0, 0.18)
    middle = (start[0] + side * np.cos(angle) * length / 2, start[1] + np.sin(angle) * length / 2)
    end = (middle[0] + side * np.cos(angle + bend) * length / 2, middle[1] + np.sin(angle + bend) * length / 2)
    strokes.append(([start, middle, end], 2 * radius, 3.6 * radius))
    if radius < 0.75:
        return
    fork = rng.uniform(0.3, 0.65)
    shrink = 2 ** (-1 / 3) * rng.uniform(0.82, 1.0)
    for sign in (-0.5, 0.5):
        daughter = (side, angle + bend + sign * fork)
        _grow(strokes, rng, end, daughter, radius=radius * shrink, length=length * rng.uniform(0.62, 0.85))
