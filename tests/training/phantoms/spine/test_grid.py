import numpy as np
import pytest

from training.phantoms.spine.grid import Grid, capsule, edge, ellipsoid, label, paint, smooth_noise

GRID = Grid.around((-30, -40, -50), (30, 40, 50), (2.0, 2.0, 2.0))


def test_a_grid_covers_what_it_was_asked_for() -> None:
    assert GRID.shape == (30, 40, 50)
    assert GRID.axes[0][0] == -29
    assert GRID.index((-49.0, -39.0, -29.0)) == (0, 0, 0)
    assert GRID.box((100, 0, 0), (120, 1, 1)) is None


def test_volumes_come_out_right() -> None:
    found = ellipsoid(GRID, (3, 2, 1), (20, 14, 10))
    assert found is not None
    assert found[1].sum() * 8 == pytest.approx(4 / 3 * np.pi * 20 * 14 * 10, rel=0.02)
    tube = capsule(GRID, np.array([-20.0, 0, 0]), np.array([20.0, 0, 0]), (6.0, 6.0))
    assert tube is not None
    assert tube[2].sum() * 8 == pytest.approx(np.pi * 36 * 40 + 4 / 3 * np.pi * 216, rel=0.03)
    assert ellipsoid(GRID, (500, 0, 0), (5, 5, 5)) is None


def test_paint_and_label_go_where_the_cover_is() -> None:
    volume, labels = np.zeros(GRID.shape, np.float32), np.zeros(GRID.shape, np.uint8)
    found = ellipsoid(GRID, (0, 0, 0), (12, 12, 12))
    assert found is not None
    paint(volume, found[0], found[1], 100.0)
    label(labels, found[0], found[1], 7)
    assert volume.max() == 100
    assert set(np.unique(labels)) == {0, 7}
    assert (volume[labels == 7] >= 50).all()


def test_edges_are_one_voxel_wide() -> None:
    np.testing.assert_allclose(edge(np.array([-2, -1, 0, 0.5, 3], np.float32), 2.0), [0, 0, 0.5, 0.75, 1])


def test_noise_is_standard_and_seeded() -> None:
    whole = GRID.box((-99, -99, -99), (99, 99, 99))
    assert whole is not None
    one, two = (smooth_noise(np.random.default_rng(3), GRID, whole, 12.0) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert one.shape == GRID.shape
    assert abs(one.mean()) < 0.2
    assert 0.6 < one.std() < 1.2
    assert np.corrcoef(one[:-1].ravel(), one[1:].ravel())[0, 1] > 0.8
