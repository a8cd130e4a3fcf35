"""Bones and outline tell how a body lies, on phantoms of both simulators."""

from collections.abc import Callable

import numpy as np
import pytest

from models.ct_body import Floats, Triple, coarse, filled, trunk
from models.ct_pose import GRID, Pose, outline_of, pose_of
from tests.models.bone_muscle_ct.scans import volume_of
from tests.models.ssc_ild_mortality_ct.chests import as_volume
from training.phantoms.lung.phantom import make_chest_ct
from training.phantoms.spine.phantom import make_spine_ct

TURNS: dict[str, tuple[Callable[[Floats], Floats], str | None]] = {
    "as it should": (lambda hu: hu, None),
    "mirrored from left to right": (lambda hu: hu[:, :, ::-1], None),  # bones do not tell
    "back in front": (lambda hu: hu[:, ::-1], "back-to-front"),
    "turned by 180 degrees": (lambda hu: hu[:, ::-1, ::-1], "back-to-front"),
    "turned to the left": (lambda hu: np.rot90(hu, 1, (1, 2)), "turned"),
    "turned to the right": (lambda hu: np.rot90(hu, -1, (1, 2)), "turned"),
}


@pytest.fixture(scope="module", params=["abdomen", "chest", "chest with contrast medium"])
def scan(request: pytest.FixtureRequest) -> tuple[Floats, Triple]:
    if request.param == "abdomen":
        return coarse(volume_of(make_spine_ct(15, spacing=(5.0, 4.0, 4.0))), 4.0)
    ct = make_chest_ct(9 if "contrast" in request.param else 2, spacing=(5.0, 4.0, 4.0))
    assert (ct.acquisition.contrast is not None) == ("contrast" in request.param)
    return coarse(as_volume(ct.hu, ct.spacing), 4.0)


def pose(hu: Floats, spacing: Triple) -> Pose:
    found = pose_of(hu, filled(trunk(hu)), spacing)
    assert found is not None
    return found


@pytest.mark.parametrize("turn", TURNS)
def test_the_way_it_lies_is_told(scan: tuple[Floats, Triple], turn: str) -> None:
    change, code = TURNS[turn]
    found = pose(np.ascontiguousarray(change(scan[0])), scan[1])
    objection = found.objection
    assert (None if objection is None else objection[0]) == code
    assert found.sideways in ((2, 3) if code == "turned" else (0, 1))


def test_the_spine_is_found_in_front_of_a_heart_full_of_contrast_medium() -> None:
    """Bone of a heart is on fewer slices than the spine."""
    hu = np.full((40, 50, 60), -1000, np.float32)
    hu[:, 5:45, 5:55] = 40
    hu[:, 36:40, 27:33] = 400  # spine
    hu[10:25, 10:26, 25:40] = 400  # heart
    found = pose(hu, (4.0, 4.0, 4.0))
    assert found.spine_behind == pytest.approx(0.325, abs=0.05)
    assert abs(found.spine_aside) < 0.05
    assert found.wide == pytest.approx(50 / 40)


def test_a_body_without_bone_lies_no_way() -> None:
    hu = np.full((10, 30, 40), -1000, np.float32)
    hu[:, 5:25, 5:35] = 40
    assert pose_of(hu, filled(trunk(hu)), (4.0, 4.0, 4.0)) is None


def test_two_models_look_at_the_same_outline_of_a_volume_that_nobody_changes() -> None:
    volume = volume_of(make_spine_ct(15, spacing=(5.0, 4.0, 4.0)))
    before = outline_of(volume)
    assert outline_of(volume) is not before  # it could have been changed
    volume.hu.setflags(write=False)
    found = outline_of(volume)
    assert outline_of(volume) is found
    hu, spacing = coarse(volume, GRID)
    assert found.spacing == spacing
    assert np.array_equal(found.hu, hu)
    assert np.array_equal(found.body, trunk(hu))
    assert np.array_equal(found.whole, filled(trunk(hu)))
    assert found.pose == before.pose == pose(hu, spacing)
