from dataclasses import replace

import numpy as np
import pytest

from tests.training.phantoms.chest.bodies import body, centre, square
from training.phantoms.canvas import Array
from training.phantoms.chest import devices as module
from training.phantoms.chest.anatomy import Anatomy, View
from training.phantoms.chest.devices import devices, marker


class Always(np.random.Generator):
    """Chance that lets every device occur."""

    def __init__(self, seed: int) -> None:
        super().__init__(np.random.PCG64(seed))

    def random(self, *_: object, **__: object) -> float:  # type: ignore[override]
        return 0.0


def drawn(anatomy: Anatomy, seed: int) -> Array:
    return devices(anatomy, square(), np.random.default_rng(seed))


@pytest.mark.parametrize(("view", "least", "most"), [("PA", 0.08, 0.28), ("AP", 0.7, 0.95)])
def test_who_lies_in_bed_has_more_devices(view: View, least: float, most: float) -> None:
    anatomy = body(view=view)
    assert least < np.mean([drawn(anatomy, seed).max() > 0 for seed in range(150)]) < most


def test_a_seed_is_a_set_of_devices() -> None:
    anatomy = body(view="AP")
    np.testing.assert_array_equal(drawn(anatomy, 4), drawn(anatomy, 4))
    assert len({drawn(anatomy, seed).tobytes() for seed in range(12)}) > 6


def test_a_tracheal_tube_is_for_patients_in_bed_and_ends_above_the_carina(monkeypatch: pytest.MonkeyPatch) -> None:
    canvas = square()
    for name in ("_pacemaker", "_electrodes"):
        monkeypatch.setattr(module, name, lambda *_: canvas.zeros())
    views: tuple[View, View] = ("PA", "AP")
    standing, lying = (devices(replace(body(), view=view), canvas, Always(0)) for view in views)
    neck = (np.abs(canvas.x) < 6) & (canvas.y < -0.5 * body().lung_height)
    assert lying[neck].mean() > standing[neck].mean() + 0.3  # both have the feeding tube, one has the other too
    assert lying.min() >= 0


def test_a_pacemaker_lies_below_the_left_clavicle_with_its_lead_in_the_heart() -> None:
    canvas, anatomy = square(), body()
    can = module._pacemaker(anatomy, canvas, np.random.default_rng(0))
    x, y = centre((can > 20).astype(np.float32), canvas)
    assert x == pytest.approx(0.66 * anatomy.half_width, abs=25)
    assert y == pytest.approx(-0.21 * anatomy.lung_height, abs=25)
    right_heart = (canvas.x < 0) & (canvas.y > 0)
    assert can[right_heart].max() > 1


def test_the_marker_is_lead_at_the_upper_edge_of_either_side() -> None:
    canvas = square()
    middle = canvas.left + canvas.columns * canvas.pitch / 2
    sides = []
    for seed in range(40):
        lead = marker(canvas, np.random.default_rng(seed))
        assert lead.dtype == bool
        assert 0 < lead.mean() < 0.02
        rows, columns = np.nonzero(lead)
        assert rows.max() < 0.4 * canvas.rows
        sides.append(canvas.x[0, columns].mean() > middle)
        assert np.ptp(columns) * canvas.pitch < 40
    assert 0.5 < np.mean(sides) < 0.9
