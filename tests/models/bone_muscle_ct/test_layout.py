"""Where the sixteen slices lie."""

import numpy as np
import pytest

from models.bone_muscle_ct.layout import BEHIND, LEVELS, NEEDED, PLACES, SLICES, STEP, lay_out

BODIES = {level: (float(k), 2.0 * k, 100.0 - 36.0 * k) for k, level in enumerate(LEVELS)}


def test_three_slices_for_each_level_but_one_for_l5() -> None:
    counts = {level: sum(place == level for place, _ in PLACES) for level in LEVELS}
    assert counts == {"T12": 3, "L1": 3, "L2": 3, "L3": 3, "L4": 3, "L5": 1}
    assert SLICES == 16


def test_slices_rise_from_feet_to_head_around_each_middle() -> None:
    layout = lay_out(BODIES)
    assert all(layout.present)
    assert (np.diff(layout.heights) > 0).all()
    l3 = [z for z, (level, _) in zip(layout.heights, PLACES, strict=True) if level == "L3"]
    assert l3 == pytest.approx([100 - 108 - STEP * 36, 100 - 108, 100 - 108 + STEP * 36])


def test_the_field_lies_behind_the_bodies() -> None:
    middle = np.mean([BODIES[level] for level in NEEDED], axis=0)
    assert lay_out(BODIES).centre == pytest.approx((middle[0], middle[1] + BEHIND))


def test_one_collapsed_level_does_not_change_the_step() -> None:
    moved = BODIES | {"T12": (0.0, 0.0, 90.0)}  # 26 mm above L1 instead of 36
    assert lay_out(moved).heights[:12] == lay_out(BODIES).heights[:12]


def test_outer_levels_may_be_missing() -> None:
    layout = lay_out({level: BODIES[level] for level in NEEDED})
    assert sum(layout.present) == 12
    assert [level for (level, _), there in zip(PLACES, layout.present, strict=True) if not there] == [
        "L5",
        *["T12"] * 3,
    ]


@pytest.mark.parametrize("level", NEEDED)
def test_inner_levels_may_not(level: str) -> None:
    with pytest.raises(ValueError, match=f"without {level}"):
        lay_out({name: place for name, place in BODIES.items() if name != level})


def test_levels_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="above each other"):
        lay_out(BODIES | {"L2": (0.0, 0.0, -60.0)})
    with pytest.raises(ValueError, match="too close"):
        lay_out(BODIES | {"L2": (0.0, 0.0, BODIES["L3"][2] + 10)})
