"""What is in or on the patient: tubes, lines, electrodes, a pacemaker, the lead marker. mm of metal-like density."""

import numpy as np

from training.phantoms.canvas import Array, Canvas, curve
from training.phantoms.chest.anatomy import Anatomy


def devices(anatomy: Anatomy, canvas: Canvas, rng: np.random.Generator) -> Array:
    """Devices as bone-equivalent mm. Frequencies are assumptions; they do not enter the hazard."""
    h, w = anatomy.lung_height, anatomy.half_width
    bed = anatomy.view == "AP"
    layer = canvas.zeros()
    if rng.random() < (0.18 if bed else 0.0):  # endotracheal tube
        tip = -0.09 * h + rng.normal(0, 8)
        layer += canvas.lines([([(rng.normal(0, 2), -0.9 * h), (0, tip)], 9, 1.2), ([(2, -0.9 * h), (3, tip)], 1.5, 5)])
    if rng.random() < (0.3 if bed else 0.03):  # central line from the right neck or left arm
        side = -1 if rng.random() < 0.7 else 1
        start = (side * rng.uniform(30, 60), -0.62 * h)
        way = curve([start, (side * 26, -0.36 * h), (-0.16 * w, -0.18 * h), (-0.17 * w, rng.uniform(0.0, 0.14) * h)])
        layer += canvas.lines([(way, 2.2, 4.5)], blur=0.4)
    if rng.random() < (0.22 if bed else 0.01):  # feeding tube
        layer += canvas.lines([(curve([(3, -0.9 * h), (2, 0.0), (8, 0.5 * h), (35, 0.8 * h)]), 3.6, 2.6)], blur=0.4)
    if rng.random() < 0.06:
        layer += _pacemaker(anatomy, canvas, rng)
    if rng.random() < (0.6 if bed else 0.08):
        layer += _electrodes(anatomy, canvas, rng)
    return layer


def _pacemaker(anatomy: Anatomy, canvas: Canvas, rng: np.random.Generator) -> Array:
    h, w = anatomy.lung_height, anatomy.half_width
    x, y = 0.66 * w + rng.normal(0, 8), -0.21 * h + rng.normal(0, 8)
    can = canvas.ellipsoid((x, y), (24, 21), 1.0) > 0
    lead = curve([(x - 14, y - 8), (0.28 * w, -0.32 * h), (-0.15 * w, -0.16 * h), (-0.17 * w, 0.2 * h),
                  (0.02 * w, 0.42 * h), (0.42 * w, 0.47 * h)])  # fmt: skip
    return np.asarray(26.0 * can, np.float32) + canvas.lines([(lead, 2.0, 9.0)], blur=0.4)


def _electrodes(anatomy: Anatomy, canvas: Canvas, rng: np.random.Generator) -> Array:
    h, w = anatomy.lung_height, anatomy.half_width
    layer = canvas.zeros()
    for x, y in ((-0.7, -0.18), (0.72, -0.2), (0.75, 0.42), (-0.7, 0.45))[: int(rng.integers(2, 5))]:
        px, py = x * w + rng.normal(0, 14), y * h + rng.normal(0, 12)
        layer += 7.0 * (canvas.ellipsoid((px, py), (5, 5), 1.0) > 0)
        out = curve([(px, py), (px + rng.normal(0, 60), py + rng.normal(-20, 50)),
                     (px + rng.normal(0, 110), py + rng.normal(60, 90)), (rng.normal(0, 150), 1.0 * h)])  # fmt: skip
        layer += canvas.lines([(out, 1.5, 4.0)], blur=0.4)
    return layer


def marker(canvas: Canvas, rng: np.random.Generator, scale: float = 1.0) -> Array:
    """The lead letter that marks the patient's left (or right) side, drawn as strokes; 1 where lead is.

    scale: 1 for the letters put on adults' pictures.
    """
    left = rng.random() < 0.7
    size = rng.uniform(9, 15) * scale
    x = (canvas.left + canvas.columns * canvas.pitch * rng.uniform(0.86, 0.93)) if left else (
        canvas.left + canvas.columns * canvas.pitch * rng.uniform(0.05, 0.12))  # fmt: skip
    y = canvas.top + canvas.rows * canvas.pitch * rng.uniform(0.05, 0.3)
    strokes = [[(x, y - size), (x, y + size), (x + size, y + size)]]
    if not left:
        strokes = [
            [(x, y + size), (x, y - size), (x + size, y - size), (x + size, y), (x, y)],
            [(x + size * 0.4, y), (x + size, y + size)],
        ]
    return canvas.lines([(s, size * 0.3, 1.0) for s in strokes]) > 0.3  # type: ignore[return-value]
