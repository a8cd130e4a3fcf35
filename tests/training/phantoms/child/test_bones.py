from dataclasses import replace

import numpy as np
import pytest

from tests.training.phantoms.child.bodies import child, square
from training.phantoms.canvas import Canvas
from training.phantoms.child import bones
from training.phantoms.child.anatomy import Child
from training.phantoms.child.outline import arm


def along_the_arm(who: Child, side: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Distance (units) from the centre of the head along the arm, and the bone crossed there."""
    (x, y), _, angle = bones.nucleus(who, side)
    canvas = Canvas(rows=600, columns=600, pitch=0.5, left=x - 150, top=y - 150)
    layer = bones.humerus(who, canvas, side)
    steps = np.arange(-40.0, 90.0, 0.5)
    rows = ((y + steps * np.sin(angle) - canvas.top) / 0.5).astype(int)
    columns = ((x + steps * np.cos(angle) - canvas.left) / 0.5).astype(int)
    return steps, layer[rows, columns]


@pytest.mark.parametrize("months", [2.0, 18.0, 72.0, 120.0])
def test_cartilage_parts_head_and_shaft_by_its_width(months: float) -> None:
    who = child(months)
    steps, bone = along_the_arm(who)
    _, (_, deep), _ = bones.nucleus(who, 1)
    gap = who.truth.physis / who.scale
    middle = bone[(steps > deep + 0.35 * gap) & (steps < deep + 0.65 * gap)]
    assert middle.max() < 4
    assert bone[np.abs(steps) < 0.4 * deep].min() > 7
    assert bone[steps > deep + gap + 4][:20].min() > 5


def test_a_grown_humerus_is_one_bone() -> None:
    steps, bone = along_the_arm(child(210))
    _, (_, deep), _ = bones.nucleus(child(210), 1)
    assert bone[(steps > 0) & (steps < deep + 30)].min() > 6


@pytest.mark.parametrize("months", [0.0, 12.0, 30.0, 100.0])
def test_the_head_is_drawn_as_large_as_it_is(months: float) -> None:
    who = child(months)
    (x, y), (across, deep), angle = bones.nucleus(who, -1)
    assert 2 * across * who.scale == pytest.approx(who.truth.humeral_head)
    assert deep < across
    joint, elbow = arm(who, -1)
    assert np.hypot(x - joint[0], y - joint[1]) < 45  # it lies in the joint
    assert np.arctan2(elbow[1] - joint[1], elbow[0] - joint[0]) == pytest.approx(angle)


def test_the_skeleton_is_symmetric_but_for_the_turn_and_scales_with_mineral() -> None:
    canvas = square()
    who = child(60)
    dense = replace(who, shape=replace(who.shape, bone=2 * who.shape.bone))
    once, twice = (bones.child_skeleton(c, canvas, np.random.default_rng(0)) for c in (who, dense))
    assert once.min() >= 0
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-4)


def test_infants_have_more_vertebrae_to_the_hand() -> None:
    """Segments are counted in the column of the spine: their height in mm grows with the body's."""
    small, grown = child(0), child(216)
    assert small.shape.vertebra is not None
    assert grown.shape.vertebra is not None
    assert 7 < small.shape.vertebra * small.scale < 10
    assert 20 < grown.shape.vertebra * grown.scale < 26


def test_the_flake_lies_before_the_end_of_the_collar_bone() -> None:
    canvas = square(0.5, 60)
    who = child(210)
    layer = bones.clavicle_flake(who, Canvas(rows=800, columns=800, pitch=0.5, left=-200, top=-300), 1)
    assert layer.max() > 0.9
    assert bones.clavicle_flake(who, canvas, 1).shape == (240, 240)


def test_the_jaw_lies_above_the_chin() -> None:
    from training.phantoms.child.outline import chin_level

    canvas = square()
    who = child(24)
    layer = bones.jaw(who, canvas)
    assert layer[canvas.y[:, 0] > chin_level(who) + 0.1 * who.head].max() < 1
    assert layer.max() > 10
