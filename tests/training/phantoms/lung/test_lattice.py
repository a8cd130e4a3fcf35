import numpy as np
import pytest

from training.phantoms.lung.lattice import Lattice, Tubes, capsule, edge, ellipsoid, paint_balls

HEIGHTS = np.array([-20.0, -11.0, -10.0, 0.0, 3.0, 25.0], np.float32)


def lattice(pixel: float = 1.0) -> Lattice:
    many = int(60 / pixel)
    return Lattice.square(HEIGHTS, (2.0, -3.0), (many, many), pixel)


def test_pixels_lie_around_the_middle() -> None:
    grid = lattice()
    assert grid.shape == (6, 60, 60)
    assert (grid.y.mean(), grid.x.mean()) == pytest.approx((2.0, -3.0))
    assert np.diff(grid.x) == pytest.approx(1.0)


def test_a_box_holds_what_lies_between() -> None:
    grid = lattice()
    box = grid.box((-11, 0, -3), (0, 10, 1))
    assert box is not None
    z, y, x = grid.open(box)
    assert z.ravel().tolist() == [-11, -10, 0]
    assert y.min() >= 0
    assert y.max() <= 10
    assert (x.min(), x.max()) == (-2.5, 0.5)
    assert grid.box((4, 0, 0), (20, 1, 1)) is None


def test_an_ellipsoid_has_its_section_at_each_height() -> None:
    grid = lattice()
    found = ellipsoid(grid, (0, 0, 0), (20, 10, 15))
    assert found is not None
    box, depth = found
    cover = edge(depth, grid.pixel).sum((1, 2))
    for height, area in zip(grid.z[box[0]], cover, strict=True):
        wanted = np.pi * 200 * max(0.0, 1 - float(height) ** 2 / 225)
        assert area == pytest.approx(wanted, rel=0.03, abs=2)
    assert ellipsoid(grid, (500, 0, 0), (2, 2, 2)) is None


def test_a_capsule_is_a_tube() -> None:
    grid = lattice()
    found = capsule(grid, np.array([0, 0, -30.0]), np.array([0, 0, 30.0]), (6.0, 6.0))
    assert found is not None
    assert edge(found[1], 1.0).sum((1, 2)) == pytest.approx(np.pi * 36, rel=0.02)
    assert capsule(grid, np.array([400.0, 0, 0]), np.array([420.0, 0, 0]), (2, 2)) is None


def test_balls_are_painted_once_and_leave_the_scratch_clean() -> None:
    grid = lattice(0.5)
    volume, scratch = np.zeros(grid.shape, np.float32), np.zeros(grid.shape, np.float32)
    points = np.array([[0, 0, 0.0], [0, 0, 0.5], [400, 0, 0], [-8, 5, 3]])
    paint_balls(volume, scratch, grid, Tubes(points, np.array([4.0, 4.0, 9.0, 0.2])), 100.0)
    at = list(HEIGHTS).index(0)
    assert volume[at].sum() / 100 * 0.25 == pytest.approx(np.pi * 16, rel=0.03)
    assert volume.max() == 100
    assert 0 < volume[list(HEIGHTS).index(3), 65:75, 40:60].max() < 50, "thinner than a pixel"
    assert not scratch.any()
    before = volume.copy()
    paint_balls(volume, scratch, grid, Tubes(points[:0], np.zeros(0)), 5.0)
    np.testing.assert_array_equal(volume, before)


def test_tubes_grow_and_are_chosen() -> None:
    tubes = Tubes(np.zeros((3, 3)), np.array([1.0, 2.0, 3.0]))
    assert tubes.grown(-0.5).radii.tolist() == [0.5, 1.5, 2.5]
    assert tubes.chosen(tubes.radii > 1.5).points.shape == (2, 3)
