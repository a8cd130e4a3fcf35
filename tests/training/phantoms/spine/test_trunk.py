import numpy as np
import pytest

from training.phantoms.spine.anatomy import draw_anatomy
from training.phantoms.spine.phantom import scan_grid
from training.phantoms.spine.trunk import AIR, paint_lungs, paint_table, paint_trunk, section, wall_thickness

BODY = draw_anatomy(6, age=60, sex="F", fractures={})
GRID = scan_grid(BODY, (3.0, 3.0, 3.0), 20)


@pytest.fixture
def painted() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    volume, cavity, wall = (np.zeros(GRID.shape, np.float32) for _ in range(3))
    paint_trunk(volume, cavity, wall, GRID, BODY)
    return volume, cavity, wall


def test_air_outside_and_fat_inside(painted: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    volume, cavity, _ = painted
    assert volume[:, 0, 0].max() == AIR
    assert volume[cavity > 0.99].mean() == pytest.approx(-102, abs=1)


def test_the_wall_is_around_the_cavity(painted: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    _, cavity, wall = painted
    assert (cavity + wall).max() <= 1.001
    k, j, _ = (round(i) for i in GRID.index((0, BODY.front * 0.3, 0)))
    row = wall[k, j]
    thickness = row[: len(row) // 2].sum() * 3
    assert thickness == pytest.approx(wall_thickness(BODY), rel=0.35)


def test_the_body_is_widest_at_hips_and_ribs() -> None:
    half = section(BODY, GRID).half[:, 0, 0]
    waist = round(GRID.index((0, 0, 0))[0])
    assert half[waist] < half[0]
    assert half[waist] < half[-1]


def test_lungs_are_high_up_and_on_both_sides(painted: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    volume, cavity, _ = painted
    before = volume.copy()
    paint_lungs(volume, cavity, GRID, BODY)
    lung = (volume < -700) & (before > -200)
    z, _, x = GRID.axes
    assert z[lung.any((1, 2))].min() > BODY.vertebra("L2").centre[2]
    top = lung[-2]
    assert top[:, x > 20].any()
    assert top[:, x < -20].any()
    assert not lung[:, :, np.abs(x) < 5].any()


def test_the_table_is_under_the_back(painted: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    volume = painted[0]
    before = volume.copy()
    paint_table(volume, GRID, BODY)
    changed = np.argwhere(volume != before)
    assert len(changed) > 1000
    assert GRID.axes[1][changed[:, 1].min()] > BODY.back - 5
    assert (before[volume != before] < -500).all()
