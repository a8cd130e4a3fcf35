from dataclasses import replace

import numpy as np
import pytest

from tests.training.phantoms.chest.bodies import body, square
from training.phantoms.canvas import Array
from training.phantoms.chest.anatomy import VERTEBRA, Anatomy
from training.phantoms.chest.organs import APEX
from training.phantoms.chest.skeleton import RIBS, rib_path, skeleton


def bones(anatomy: Anatomy, seed: int = 0) -> Array:
    return skeleton(anatomy, square(), np.random.default_rng(seed))


@pytest.mark.parametrize("number", range(1, RIBS + 1))
def test_a_rib_falls_from_the_spine_to_the_side_within_the_cage(number: int) -> None:
    anatomy = body()
    path = np.array(rib_path(anatomy, number, 1, 0.0, np.pi))
    assert 0 < path[0, 0] < 25
    assert path[-1, 1] > path[0, 1] + 0.3 * anatomy.rib_slope
    assert path[:, 0].max() <= anatomy.half_width + 3.1
    mirrored = np.array(rib_path(anatomy, number, -1, 0.0, np.pi))
    np.testing.assert_allclose(mirrored, path * (-1, 1))


def test_ribs_follow_one_another_from_apex_to_below_the_dome() -> None:
    anatomy = body()
    starts = [rib_path(anatomy, number, 1, 0.0, 0.1)[0][1] for number in range(1, RIBS + 1)]
    assert starts == sorted(starts)
    assert np.ptp(np.diff(starts)) < 1e-6
    assert starts[0] == pytest.approx(-APEX * anatomy.lung_height, abs=25)
    # 8 to 10 posterior ribs lie above the dome of a deep breath
    assert 8 <= sum(y < (1 - APEX) * anatomy.lung_height for y in starts) <= 10


def test_bone_scales_with_its_mineral() -> None:
    dense, thin = (bones(replace(body(), bone=mineral)) for mineral in (1.2, 0.6))
    np.testing.assert_allclose(dense, 2 * thin, rtol=1e-4)
    assert dense.min() >= 0


def test_the_spine_runs_the_whole_length_of_the_middle() -> None:
    anatomy, canvas = replace(body(), tilt=0.0), square()
    layer = bones(anatomy)
    middle = layer[:, np.abs(canvas.x[0]) < 12].mean(axis=1)
    vertebra = round(VERTEBRA * anatomy.lung_height / 243 / canvas.pitch)
    segments = np.convolve(middle, np.full(vertebra, 1 / vertebra), mode="valid")  # a body and its disc
    assert segments.min() > 2
    beside = layer[:, (canvas.x[0] > 30) & (canvas.x[0] < 60)].mean(axis=1)
    assert middle.mean() > 2 * beside.mean()


def test_cartilage_is_seen_only_where_it_has_calcified() -> None:
    anatomy, canvas = body(), square()
    soft, little, much = (bones(replace(anatomy, calcified=share)) for share in (0.0, 0.2, 0.9))
    np.testing.assert_array_equal(soft, bones(replace(anatomy, calcified=0.1)))
    extra = much - little
    assert extra.max() > 0.3
    columns = np.abs(canvas.x[0])[(extra > 0.3).any(axis=0)]
    assert anatomy.half_width > columns.max() > columns.min() > 20  # between the ribs' ends and the sternum


def test_scapulae_drawn_in_overlie_the_lungs() -> None:
    canvas = square()
    anatomy = body()
    lungs = (np.abs(canvas.x) < 0.85 * anatomy.half_width) & (np.abs(canvas.x) > 0.5 * anatomy.half_width)
    lungs = lungs & (canvas.y < 0.1 * anatomy.lung_height) & (canvas.y > -0.3 * anatomy.lung_height)
    out, inward = (bones(replace(anatomy, scapula_in=share))[lungs].mean() for share in (0.0, 1.0))
    assert inward > 1.2 * out
