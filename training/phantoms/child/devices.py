"""Tubes and leads of the newborn ward, and what older children wear in bed. Sizes in mm over the child's scale."""

import numpy as np

from training.phantoms.canvas import Array, Canvas, curve
from training.phantoms.child.anatomy import Child

NEWBORN = 1.0  # months of age up to which umbilical lines are seen


def devices(child: Child, canvas: Canvas, rng: np.random.Generator) -> Array:
    """Devices as bone-equivalent body units. Frequencies are assumptions; they depend on skeletal age and bed only."""
    layer = canvas.zeros()
    shape, mm = child.shape, 1 / child.scale
    h, w = shape.lung_height, shape.half_width
    if not child.lying:
        return layer
    sick = child.truth.maturity < NEWBORN and rng.random() < 0.5
    if sick or rng.random() < 0.06:  # endotracheal tube
        tip = (rng.normal(2, 4), rng.uniform(-0.22, -0.03) * h)
        way = curve([(rng.normal(0, 8), -1.3 * h), (1, -0.5 * h), tip])
        layer += canvas.lines([(way, 3.5 * mm, 0.9 * mm), (way, 2.4 * mm, 0.5 * mm)]) + canvas.lines(
            [(way, 0.8 * mm, 2.5 * mm)]
        )
    if sick or rng.random() < 0.10:  # feeding tube
        way = curve([(4, -1.3 * h), (3, -0.3 * h), (5, 0.3 * h), (12, 0.62 * h), (rng.uniform(30, 60), 0.82 * h)])
        layer += canvas.lines([(way, 1.7 * mm, 1.3 * mm)], blur=0.4)
    if sick and rng.random() < 0.6:  # umbilical vein: up the right side of the spine to the diaphragm
        way = curve([(0, 1.9 * h), (-4, 1.5 * h), (-22, 1.0 * h), (-16, rng.uniform(0.4, 0.62) * h)])
        layer += canvas.lines([(way, 1.3 * mm, 1.5 * mm)], blur=0.4)
    if sick and rng.random() < 0.5:  # umbilical artery: down to the pelvis and up the left of the spine
        way = curve([(2, 2.2 * h), (14, 1.6 * h), (12, 0.9 * h), (13, rng.uniform(0.15, 0.5) * h)])
        layer += canvas.lines([(way, 1.3 * mm, 1.5 * mm)], blur=0.4)
    if rng.random() < (0.9 if sick else 0.2):
        layer += _leads(child, canvas, rng)
    if rng.random() < 0.05 and not sick:  # central line
        way = curve([(-0.35 * w, -0.55 * h), (-0.16 * w, -0.3 * h), (-0.14 * w, rng.uniform(-0.1, 0.12) * h)])
        layer += canvas.lines([(way, 1.6 * mm, 2.5 * mm)], blur=0.4)
    return np.asarray(layer, np.float32)


def _leads(child: Child, canvas: Canvas, rng: np.random.Generator) -> Array:
    """Electrodes of a monitor and their wires."""
    h, w, mm = child.shape.lung_height, child.shape.half_width, 1 / child.scale
    layer = canvas.zeros()
    for x, y in ((-0.75, -0.2), (0.78, -0.2), (0.7, 0.8))[: int(rng.integers(1, 4))]:
        px, py = x * w + rng.normal(0, 16), y * h + rng.normal(0, 14)
        layer += 3.5 * mm * (canvas.ellipsoid((px, py), (3.5 * mm, 3.5 * mm), 1.0) > 0)
        way = curve([(px, py), (px + rng.normal(0, 50), py + rng.normal(20, 40)), (rng.normal(0, 120), 1.9 * h)])
        layer += canvas.lines([(way, 1.2 * mm, 1.6 * mm)], blur=0.4)
    return layer
