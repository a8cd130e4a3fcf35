import numpy as np
import pytest

from training.phantoms.lung.person import draw_person
from training.phantoms.lung.shape import LOBES, Shape, build_shape, lung_volume_ml, reference_lattice

SEEDS = range(8)


@pytest.fixture(scope="module")
def shapes() -> list[Shape]:
    return [build_shape(seed, draw_person(seed)) for seed in SEEDS]


def at(*values: float) -> tuple[np.ndarray, ...]:
    return tuple(np.array([v], np.float32) for v in values)


def test_lungs_are_as_large_as_they_should_be(shapes: list[Shape]) -> None:
    for shape in shapes:
        assert lung_volume_ml(shape, 5.0) == pytest.approx(shape.person.capacity_ml, rel=0.06)
        assert lung_volume_ml(shape, 5.0) == pytest.approx(lung_volume_ml(shape, 2.5), rel=0.012)


def test_the_heart_is_as_wide_as_it_should_be(shapes: list[Shape]) -> None:
    for shape in shapes:
        lattice = reference_lattice(shape, 2.0)
        _, _, x = np.nonzero(shape.heart(*lattice.opened) > 0)
        assert np.ptp(lattice.x[x]) == pytest.approx(shape.person.heart, abs=5)
        assert lattice.x[x].mean() > 5, "to the left"


def test_what_is_lung_and_what_is_not(shapes: list[Shape]) -> None:
    for shape in shapes:
        p = shape.person
        aside = 0.62 * p.half_width
        for side in (-aside, aside):
            assert shape.lung(*at(0, 0, side))[0] > 5
            assert shape.lung(*at(shape.top + 5, 0, side))[0] < 0
            assert shape.lung(*at(shape.floor - 1, 0, side))[0] < 0
        assert shape.lung(*at(0, shape.spine_y, 0))[0] < 0
        assert shape.lung(*at(0, 0, p.half_width + 4))[0] < 0
        assert shape.diaphragm(*at(0, aside))[0] < shape.diaphragm(*at(0, -aside))[0], "the left dome is lower"


def test_each_lobe_has_its_place(shapes: list[Shape]) -> None:
    for shape in shapes:
        lattice = reference_lattice(shape, 6.0)
        inside = shape.lung(*lattice.opened) > 0
        lobes = np.where(inside, shape.lobe(*lattice.opened), 0)
        share = np.bincount(lobes.ravel(), minlength=6)[1:] / inside.sum()
        assert len(LOBES) == 5
        assert share.min() > 0.03
        assert share[[2, 4]].sum() > 0.25, "lower lobes"
        z = [lattice.z[np.nonzero(lobes == k)[0]].mean() for k in range(1, 6)]
        assert z[0] > z[2]
        assert z[3] > z[4]
