import numpy as np
import pytest

from training.phantoms.spine.anatomy import draw_anatomy
from training.phantoms.spine.bones import arch, paint_arch, paint_body, paint_canal, paint_disc
from training.phantoms.spine.fractures import KINDS, LOSS, Fracture, Kind, grade_of
from training.phantoms.spine.grid import Array, Grid
from training.phantoms.spine.vertebrae import LABEL, Vertebra

EMPTY = 40.0


def scene(vertebra: Vertebra, spacing: float = 1.0) -> tuple[Grid, Array, np.ndarray, np.ndarray]:
    x, y, z = vertebra.centre
    grid = Grid.around((z - 40, y - 40, x - 60), (z + 40, y + 90, x + 60), (spacing,) * 3)
    return grid, np.full(grid.shape, EMPTY, np.float32), np.zeros(grid.shape, np.uint8), np.zeros(grid.shape, np.uint8)


def column(grid: Grid, labels: np.ndarray, vertebra: Vertebra, at: float) -> float:
    """Height of the painted body at the antero-posterior position at (-1..1), along the vertebra's axis, mm."""
    steps = np.arange(-28, 28, 0.25)
    inside = 0
    for up in steps:
        index = tuple(round(i) for i in grid.index(tuple(vertebra.place(0, at * vertebra.depth / 2, up))))
        inside += labels[index] == LABEL[vertebra.level]
    return inside * 0.25


@pytest.mark.parametrize("level", ["T12", "L1", "L3", "L5"])
def test_a_painted_body_has_its_heights(level: str) -> None:
    v = draw_anatomy(3, age=55, sex="F", fractures={}).vertebra(level)
    grid, volume, labels, roi = scene(v)
    paint_body(volume, labels, roi, grid, v, trabecular=v.trabecular_hu, rng=np.random.default_rng(0))
    for at, wanted in ((-0.8, v.plates(-0.8)), (0.0, v.plates(0.0)), (0.6, v.plates(0.6))):
        assert column(grid, labels, v, at) == pytest.approx(wanted[1] - wanted[0], abs=1.6)
    assert volume[labels > 0].size / 1000 == pytest.approx(
        v.width * v.depth * np.mean(v.heights) * 0.75 / 1000, rel=0.12
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("grade", [1, 2, 3])
def test_the_painted_height_loss_is_the_grades(kind: Kind, grade: int) -> None:
    heights = []
    loss = float(np.mean(LOSS[grade]))
    for fracture in ({}, {"L1": Fracture(kind, grade, loss)}):
        v = draw_anatomy(4, age=70, sex="F", fractures=fracture).vertebra("L1")
        grid, volume, labels, roi = scene(v, 0.5)
        paint_body(volume, labels, roi, grid, v, trabecular=v.trabecular_hu, rng=np.random.default_rng(0))
        heights.append([column(grid, labels, v, at) for at in (-0.85, 0.0, 0.6)])
    whole, broken = heights
    front, middle, back = (n / b for n, b in zip(broken, whole, strict=True))
    assert 1 - min(front, middle, back) == pytest.approx(loss, abs=0.045)
    assert {"wedge": front <= middle < back, "biconcave": middle < min(front, back), "crush": back < 0.9}[kind]
    assert abs(grade_of((front, middle, back), (1, 1, 1)) - grade) <= (grade != 3)


@pytest.mark.parametrize("spacing", [1.0, 2.0])
def test_trabecular_region_and_shell(spacing: float) -> None:
    v = draw_anatomy(8, age=60, sex="M", fractures={}).vertebra("L2")
    grid, volume, labels, roi = scene(v, spacing)
    paint_body(volume, labels, roi, grid, v, trabecular=123.0, rng=np.random.default_rng(1))
    assert (labels[roi > 0] == LABEL["L2"]).all()
    assert volume[roi > 0].mean() == pytest.approx(123, abs=2)
    assert 300 < np.percentile(volume[labels > 0], 99) < 1150
    if spacing == 1.0:  # 350-650 HU at 1 mm
        x, y, z = v.place(0, 0, 0)
        k, j, _ = (round(i) for i in grid.index((x, y, z)))
        assert 330 < volume[k, j].max() < 800


def test_arch_is_joined_to_the_body_and_leaves_the_canal_free() -> None:
    v = draw_anatomy(8, age=60, sex="M", fractures={}).vertebra("L3")
    grid, volume, labels, _ = scene(v)
    paint_canal(volume, grid, draw_anatomy(8, age=60, sex="M", fractures={}).vertebrae)
    paint_arch(volume, labels, grid, v, trabecular=120.0, bone=1.0)
    canal = tuple(round(i) for i in grid.index(tuple(v.place(0, v.depth / 2 + 8, 3))))
    pedicle = tuple(round(i) for i in grid.index(tuple(v.place(13.5 * v.width / 45, v.depth / 2 + 3, 5))))
    assert labels[canal] == 0
    assert volume[canal] < 60
    assert labels[pedicle] == LABEL["L3"]
    assert len(arch(v)) == 21


def test_the_disc_fills_the_gap() -> None:
    a = draw_anatomy(8, age=60, sex="M", fractures={})
    upper, lower = a.vertebra("L3"), a.vertebra("L4")
    grid, volume, labels, roi = scene(upper)
    paint_disc(volume, grid, upper, lower, vacuum=False)
    for v in (upper, lower):
        paint_body(volume, labels, roi, grid, v, trabecular=150.0, rng=np.random.default_rng(1))
    middle = (upper.place(0, 0, upper.plates(0)[0]) + lower.place(0, 0, lower.plates(0)[1])) / 2
    assert 60 < volume[tuple(round(i) for i in grid.index(tuple(middle)))] < 95
