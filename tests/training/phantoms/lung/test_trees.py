import numpy as np
import pytest

from training.phantoms.lung.person import draw_person
from training.phantoms.lung.shape import Shape, build_shape
from training.phantoms.lung.trees import airways, depth_of, hilum, polyline, vessels


@pytest.fixture(scope="module")
def shape() -> Shape:
    return build_shape(4, draw_person(4))


def test_balls_follow_the_line_closely() -> None:
    tubes = polyline(np.array([[0, 0, 0.0], [10, 0, 0], [10, 5, 0]]), np.array([2.0, 1.0, 1.0]))
    assert np.linalg.norm(np.diff(tubes.points, axis=0), axis=1).max() <= 1.6
    assert tubes.radii[0] == 2
    assert tubes.radii.min() == 1


def test_vessels_get_finer_and_stay_in_the_lungs(shape: Shape) -> None:
    tree = vessels(4, shape)
    again = vessels(4, shape)
    np.testing.assert_array_equal(tree.points, again.points)
    fine = tree.radii < 1.0
    assert fine.sum() > 1000
    assert depth_of(shape, tree.points[fine]).min() > 3
    middle = (hilum(-1.0) + hilum(1.0)) / 2
    away = np.abs(tree.points[:, 0] - middle[0])
    assert away[fine].mean() > away[tree.radii > 3].mean()


def test_both_lungs_have_vessels(shape: Shape) -> None:
    x = vessels(4, shape).points[:, 0]
    assert np.mean(x > 0) == pytest.approx(0.5, abs=0.2)


def test_fibrosis_widens_what_it_pulls_at(shape: Shape) -> None:
    little, much = airways(4, shape, 0.01), airways(4, shape, 0.3)
    assert much.traction.radii.mean() > 1.4 * little.traction.radii.mean()
    np.testing.assert_array_equal(little.central.points, much.central.points)
    assert 6 < little.central.radii.max() < 10
    assert little.central.points[:, 2].max() > shape.top
