"""Children and a canvas for the tests."""

import numpy as np

from training.phantoms.canvas import Canvas
from training.phantoms.child.anatomy import Arms, Child, Posture, draw_child
from training.phantoms.child.growth import Sex, stature_median


def child(months: float, seed: int = 0, *, sex: Sex = "M", view: Posture = "PA", arms: Arms = "aside") -> Child:
    """A child whose skeleton and stature are those of its age."""
    return draw_child(
        np.random.default_rng(seed), maturity=months, stature=stature_median(months, sex), sex=sex, view=view,
        lying=view == "AP", arms=arms,
    )  # fmt: skip


def square(pitch: float = 2.0, half: float = 320.0) -> Canvas:
    """In body units, the carina in the middle."""
    side = round(2 * half / pitch)
    return Canvas(rows=side, columns=side, pitch=pitch, left=-half, top=-half)
