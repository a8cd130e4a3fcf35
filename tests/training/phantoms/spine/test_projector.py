import numpy as np
import pytest

from training.phantoms.spine.grid import Grid, ellipsoid, paint
from training.phantoms.spine.projector import View, project

GRID = Grid.around((-100, -100, -120), (100, 100, 120), (2.0, 2.0, 2.0))
VIEW = View(focus=(5.0, -8.0), object_distance=950.0, side=1.0, pixel=1.5, shape=(200, 180))


def ball(centre: tuple[float, float, float], radius: float) -> np.ndarray:
    volume = np.zeros(GRID.shape, np.float32)
    found = ellipsoid(GRID, centre, (radius,) * 3)
    assert found is not None
    paint(volume, found[0], found[1], 1.0)
    return volume


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("side", [-1.0, 1.0])
@pytest.mark.parametrize("centre", [(0.0, 5.0, -8.0), (70.0, 40.0, 60.0), (-80.0, -50.0, -40.0)])
def test_a_ball_lands_where_its_centre_is_projected(
    centre: tuple[float, float, float], side: float, mirrored: bool
) -> None:
    view = View(focus=(5.0, -8.0), object_distance=950.0, side=side, pixel=1.5, shape=(200, 180), mirrored=mirrored)
    picture = project(ball(centre, 15), GRID, view)
    rows, columns = np.mgrid[0:200, 0:180]
    row, column = view.project(centre)
    assert (rows * picture).sum() / picture.sum() == pytest.approx(row, abs=0.3)
    assert (columns * picture).sum() / picture.sum() == pytest.approx(column, abs=0.3)


def test_path_lengths_are_millimetres() -> None:
    picture = project(ball((0, 5, -8), 40), GRID, VIEW)
    assert picture.max() == pytest.approx(80, rel=0.02)


def test_nearer_to_the_focus_is_larger() -> None:
    sizes = [(project(ball((x, 5, -8), 20), GRID, VIEW) > 1).sum() for x in (-80.0, 80.0)]
    assert sizes[1] / sizes[0] == pytest.approx((VIEW.magnification(80) / VIEW.magnification(-80)) ** 2, rel=0.06)
    assert VIEW.magnification(0) == pytest.approx(1150 / 950)


def test_the_head_is_up_and_the_back_to_the_right_unless_mirrored() -> None:
    up, back = VIEW.project((0, 5, 40)), VIEW.project((0, 60, -8))
    assert up[0] < 99.5 < back[1]
    assert View(focus=(5.0, -8.0), object_distance=950.0, side=1.0, pixel=1.5, shape=(200, 180), mirrored=True).project(
        (0, 60, -8)
    )[1] < 89.5  # fmt: skip
