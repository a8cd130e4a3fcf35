import numpy as np
import pytest

from training.phantoms.lung.lattice import Lattice
from training.phantoms.lung.texture import Cells, Field


def lattice(heights: list[float], pixel: float = 1.0) -> Lattice:
    return Lattice.square(np.array(heights, np.float32), (0.0, 0.0), (80, 80), pixel)


def test_a_field_is_a_function_of_place() -> None:
    field = Field.draw(np.random.default_rng(1), 9.0)
    whole = field.on(lattice([0, 1, 2, 3, 4]))
    np.testing.assert_allclose(field.on(lattice([1, 4])), whole[[1, 4]], atol=1e-5)
    coarse = field.on(Lattice(np.zeros(1, np.float32), *(lattice([0]).y[::4],) * 2, 4.0))
    np.testing.assert_allclose(coarse[0], whole[0, ::4, ::4], atol=1e-5)


def test_a_field_has_mean_0_and_sd_1() -> None:
    field = Field.draw(np.random.default_rng(2), 9.0).on(lattice(list(range(0, 60, 2))))
    assert field.mean() == pytest.approx(0, abs=0.12)
    assert field.std() == pytest.approx(1, abs=0.15)


def test_neighbours_are_alike_and_far_points_are_not() -> None:
    field = Field.draw(np.random.default_rng(3), 9.0).on(lattice([0.0]))[0]
    near = np.corrcoef(field[:, :-1].ravel(), field[:, 1:].ravel())[0, 1]
    far = np.corrcoef(field[:, :-20].ravel(), field[:, 20:].ravel())[0, 1]
    assert near > 0.9
    assert abs(far) < 0.3


def test_cells_have_walls_between_nodes() -> None:
    cells = Cells.draw(np.random.default_rng(4), 6.0)
    at = np.random.default_rng(5).uniform(-40, 40, (4000, 3)).astype(np.float32)
    away = cells.wall(*at.T)
    assert away.min() >= 0
    assert 0.1 < np.mean(away < 0.5) < 0.6
    nodes = (cells.nodes[2, 3, 4] + np.array([2, 3, 4])) * 6.0
    assert cells.wall(*(nodes[:, None].astype(np.float32)))[0] > 0.5, "a node lies in the middle of its cell"
