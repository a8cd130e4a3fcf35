from dataclasses import replace

import numpy as np

from tests.training.phantoms.chest.bodies import body, square
from training.phantoms.canvas import Array
from training.phantoms.chest.anatomy import View
from training.phantoms.chest.vessels import pulmonary_vessels


def drawn(seed: int = 0) -> Array:
    return pulmonary_vessels(body(), square(), np.random.default_rng(seed))


def test_a_seed_is_a_tree() -> None:
    np.testing.assert_array_equal(drawn(1), drawn(1))
    assert (drawn(1) != drawn(2)).any()


def test_vessels_taper_from_the_hila() -> None:
    anatomy, canvas = body(), square()
    blood = drawn()
    for side in (-1, 1):
        root = side * (anatomy.mediastinum + 6) + 0.5 * anatomy.tilt
        away = np.hypot(canvas.x - root, canvas.y - 0.055 * anatomy.lung_height)
        own = side * canvas.x > 0
        rings = [float(blood[own & (away >= near) & (away < near + 20)].mean()) for near in (0, 20, 40, 60, 80)]
        assert rings == sorted(rings, reverse=True), rings
        assert rings[-1] > 0
    assert blood.min() >= 0


def test_gravity_widens_the_lower_vessels_of_who_stands() -> None:
    canvas = square()
    low, high = canvas.y[:, 0] > 25, canvas.y[:, 0] < -5

    def share(view: View) -> float:
        anatomy = replace(body(), view=view)
        trees = [pulmonary_vessels(anatomy, canvas, np.random.default_rng(seed)) for seed in range(6)]
        blood = np.mean(trees, axis=0)
        return float(blood[low].sum() / blood[high].sum())

    assert share("PA") > 1.15 * share("AP")
