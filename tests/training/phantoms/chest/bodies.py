"""Bodies and a canvas for the tests of the chest phantom."""

from typing import Literal

import numpy as np

from training.phantoms.canvas import Array, Canvas
from training.phantoms.chest.anatomy import Anatomy, View, draw_anatomy


def body(seed: int = 0, *, view: View = "PA", age: float = 60.0, sex: Literal["M", "F"] = "M") -> Anatomy:
    """A random body of this kind."""
    return draw_anatomy(np.random.default_rng(seed), age=age, sex=sex, view=view)


def square(pitch: float = 2.0) -> Canvas:
    """A detector of 450 mm with the carina in the middle of the columns."""
    side = round(450 / pitch)
    return Canvas(rows=side, columns=side, pitch=pitch, left=-225, top=-200)


def centre(layer: Array, canvas: Canvas) -> tuple[float, float]:
    """Centre of mass (x, y) in mm."""
    total = float(layer.sum())
    return float((layer * canvas.x).sum()) / total, float((layer * canvas.y).sum()) / total
