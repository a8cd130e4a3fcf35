import numpy as np
import pytest

from training.phantoms.lung import mediastinum
from training.phantoms.lung.lattice import Lattice, Tubes
from training.phantoms.lung.mediastinum import AIR, Contrast
from training.phantoms.lung.phantom import Scene

SCENE = Scene(4)


def slab(*heights: float, pixel: float = 1.0) -> Lattice:
    return Lattice.square(np.array(sorted(heights), np.float32), (0.0, 0.0), (220, 240), pixel)


def empty(lattice: Lattice) -> tuple[np.ndarray, np.ndarray]:
    return np.full(lattice.shape, -500, np.float32), np.zeros(lattice.shape, np.float32)


def test_the_aorta_is_as_wide_as_it_should_be() -> None:
    lattice = slab(0.0)
    volume, _ = empty(lattice)
    mediastinum.paint_vessels(volume, lattice, SCENE.shape, Contrast(right=1, left=200, cava=2))
    ahead = (volume[0] > 100) & (lattice.y < 5)[:, None]
    across = ahead.sum(1).max() * lattice.pixel
    assert across == pytest.approx(SCENE.person.aorta, abs=2.5)


def test_contrast_tells_the_sides_of_the_heart_apart() -> None:
    middle = float(SCENE.shape.heart_form()[0][2])
    lattice = slab(middle - 10, middle, middle + 10)
    volume, _ = empty(lattice)
    mediastinum.paint_heart(volume, lattice, SCENE.shape, Contrast(right=300, left=150, cava=1, muscle=60))
    assert {60, 150, 300} <= set(np.round(np.unique(volume)).astype(int))
    assert (volume == 300).sum() > 500
    left, right = (np.mean(np.nonzero(volume == value)[2]) for value in (150, 300))
    assert left > right


@pytest.mark.parametrize(("width", "open_"), [(8.0, False), (26.0, True)])
def test_a_dilated_oesophagus_holds_air(width: float, open_: bool) -> None:
    from dataclasses import replace

    shape = replace(SCENE.shape, person=replace(SCENE.person, oesophagus=width))
    lattice = slab(-30.0)
    volume, scratch = empty(lattice)
    mediastinum.paint_oesophagus(volume, scratch, lattice, shape)
    changed = np.nonzero(volume[0] != -500)
    assert np.ptp(changed[1]) == pytest.approx(width, abs=2.5)
    assert bool((volume == AIR).any()) is open_


def test_traction_only_where_the_lung_is_fibrotic() -> None:
    lattice = slab(*np.arange(-100.0, 80.0, 6.0), pixel=2.0)
    fibrotic = np.zeros(lattice.shape, np.float32)
    air = []
    for value in (0.0, 1.0):
        fibrotic[:] = value
        volume, scratch = empty(lattice)
        mediastinum.paint_airways(volume, scratch, lattice, SCENE.tubes[1], fibrotic)
        air.append(int((volume < -900).sum()))
    assert air[0] > 100, "trachea and bronchi"
    assert air[1] > 1.3 * air[0]


def test_values_are_looked_up_at_the_nearest_voxel() -> None:
    lattice = slab(0.0, 10.0)
    values = np.zeros(lattice.shape, np.float32)
    values[1, :, 120:] = 1
    points = np.array([[20.0, 0, 9], [-20, 0, 9], [20, 0, 1], [500, 0, 9]])
    found = mediastinum.looked_up(values, lattice, Tubes(points, np.ones(4)))
    assert found.tolist() == [1, 0, 0, 0]
