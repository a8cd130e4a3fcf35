import numpy as np
import pytest

from training.phantoms.lung import bones
from training.phantoms.lung.lattice import Lattice
from training.phantoms.lung.phantom import Scene

SCENE = Scene(4)


def slab(*heights: float) -> Lattice:
    return Lattice.square(np.array(sorted(heights), np.float32), (20.0, 0.0), (260, 360), 1.0)


def test_bone_loses_density_with_age() -> None:
    assert bones.spongiosa(30, "F") > bones.spongiosa(80, "F") + 100


def test_the_spine_has_bodies_discs_and_a_canal() -> None:
    heights = np.arange(-60.0, -12.0, 1.0)
    lattice = slab(*heights)
    volume = np.zeros(lattice.shape, np.float32)
    bones.paint_spine(volume, lattice, SCENE.shape, 1.0)
    along = np.array(
        [volume[k, int(np.argmin(np.abs(lattice.y - y))), 180] for k, y in enumerate(SCENE.shape.spine(lattice.z))]
    )
    assert np.isclose(along, bones.DISC, atol=2).sum() in range(6, 12), "two discs of about 4 mm"
    assert np.median(along) == pytest.approx(bones.spongiosa(SCENE.person.age, SCENE.person.sex), abs=5)
    assert np.isclose(volume, bones.CANAL).sum() > 48 * 100


def test_ribs_run_round_the_cage_and_down() -> None:
    lines = bones.rib_lines(SCENE.shape)
    assert len(lines) == 2 * bones.RIBS
    for k, line in enumerate(lines):
        side = -1 if k % 2 == 0 else 1
        assert np.all(side * line[:, 0] > 0)
        assert line[0, 2] > line[-1, 2] + 20
        assert line[0, 1] > line[-1, 1]
        x, y, z = (line[:, i].astype(np.float32) for i in range(3))
        assert SCENE.shape.cage(z, y, x).max() < 2, "outside the lungs"


def test_a_slice_cuts_many_bones_with_marrow_inside() -> None:
    lattice = slab(-20.0)
    volume, scratch = np.zeros(lattice.shape, np.float32), np.zeros(lattice.shape, np.float32)
    bones.paint_skeleton(volume, scratch, lattice, SCENE.shape, 1.0)
    from scipy import ndimage

    _, count = ndimage.label(volume[0] > 300)
    assert count >= 8
    marrow = bones.spongiosa(SCENE.person.age, SCENE.person.sex) * 0.55
    assert (np.abs(volume - marrow) < 2).sum() > 100
