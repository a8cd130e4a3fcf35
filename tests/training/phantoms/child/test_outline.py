from dataclasses import replace

import numpy as np
import pytest

from tests.training.phantoms.child.bodies import child, square
from training.phantoms.child import outline
from training.phantoms.child.anatomy import Arms


def test_a_limb_is_round() -> None:
    canvas = square()
    layer = outline.limb(canvas, (-100, 0), (100, 0), (30, 30))
    assert layer.max() == pytest.approx(60, rel=0.01)
    assert layer[:, 160].sum() * canvas.pitch == pytest.approx(np.pi * 30**2, rel=0.02)


@pytest.mark.parametrize("arms", ["up", "aside", "down"])
def test_arms_are_where_they_are_held(arms: Arms) -> None:
    who = child(60, arms=arms)
    (x, y), (ex, ey) = outline.arm(who, 1)
    assert (ey < y) == (arms == "up")
    assert ex > x
    canvas = square()
    layer = outline.body(who, canvas)
    row, column = (int((v + 320) / 2) for v in ((y + ey) / 2, (x + ex) / 2))
    assert layer[row, column] > 40


def test_the_body_is_solid_and_its_head_sits_on_top() -> None:
    canvas = square()
    for months in (0.0, 60.0, 200.0):
        who = child(months)
        layer = outline.body(who, canvas)
        assert layer.min() >= 0
        middle = layer[:, 160]
        assert middle[int((outline.chin_level(who) - 25 + 320) / 2)] > 20
        assert middle[160:].min() > 1.2 * who.shape.depth


def test_the_thymus_widens_the_upper_mediastinum_of_infants_only() -> None:
    canvas = square()
    infant = child(2)
    layer = outline.thymus(infant, canvas)
    assert layer.max() > 30
    assert np.abs(canvas.x[0][layer.max(axis=0) > 10]).max() > infant.shape.mediastinum
    larger = outline.thymus(replace(infant, truth=replace(infant.truth, thymus=1.5)), canvas)
    assert larger.sum() > layer.sum()
    assert outline.thymus(child(72), canvas).max() == 0
    assert (
        outline.mediastinum(infant, canvas).sum()
        > outline.mediastinum(replace(infant, truth=replace(infant.truth, thymus=0.0)), canvas).sum()
    )


def test_gas_lies_in_the_abdomen_and_more_of_it_in_the_small() -> None:
    canvas = square()
    gas = dict.fromkeys((0.0, 120.0), 0.0)
    for months in gas:
        for seed in range(8):
            who = child(months, seed)
            layer = outline.swallowed(who, canvas, np.random.default_rng(seed))
            assert layer[canvas.y[:, 0] < 0.6 * who.shape.lung_height].max() == pytest.approx(0, abs=1e-3)
            gas[months] += float(layer[canvas.y[:, 0] < 1.5 * who.shape.lung_height].mean())
    assert gas[0.0] > 1.5 * gas[120.0]
