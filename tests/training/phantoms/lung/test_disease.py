import numpy as np
import pytest

from training.phantoms.lung.disease import Disease, Extent, build_disease, quantile
from training.phantoms.lung.person import draw_person
from training.phantoms.lung.shape import LOBES, build_shape, reference_lattice

SEEDS = (0, 1, 2, 3, 62, 156)


@pytest.fixture(scope="module")
def spreads() -> list[tuple[Disease, Extent]]:
    return [build_disease(seed, build_shape(seed, draw_person(seed))) for seed in SEEDS]


def test_each_pattern_has_the_share_that_was_drawn(spreads: list[tuple[Disease, Extent]]) -> None:
    for disease, extent in spreads:
        person = disease.shape.person
        assert extent.total == pytest.approx(person.extent, abs=0.002)
        seen = np.array([extent.ground_glass, extent.reticulation, extent.honeycombing])
        assert seen == pytest.approx(np.array(person.shares) * person.extent, abs=0.003)


def test_disease_is_basal(spreads: list[tuple[Disease, Extent]]) -> None:
    for _, extent in spreads:
        assert extent.zones["lower"] > extent.zones["upper"] + 0.5 * extent.total
        assert set(extent.lobes) == set(LOBES)
        assert extent.lobes["right lower"] > extent.lobes["right upper"]
        assert extent.lobes["left lower"] > extent.lobes["left upper"]
        assert sum(extent.zones.values()) / 3 == pytest.approx(extent.total, rel=0.6)


def test_disease_is_subpleural(spreads: list[tuple[Disease, Extent]]) -> None:
    for disease, _ in spreads:
        lattice = reference_lattice(disease.shape, 6.0)
        depth = disease.shape.wall_depth(*lattice.opened)
        inside = disease.shape.lung(*lattice.opened) > 0
        ill = inside & (disease.severity(lattice, depth) > disease.limit)
        assert depth[ill].mean() < depth[inside].mean()


def test_the_lungs_shrink_with_the_person(spreads: list[tuple[Disease, Extent]]) -> None:
    for disease, extent in spreads:
        assert extent.lung_ml == pytest.approx(disease.shape.person.capacity_ml, rel=0.06)


def test_a_quantile_counts_weight() -> None:
    values, weight = np.array([3.0, 1.0, 2.0], np.float32), np.array([1.0, 2.0, 1.0])
    assert quantile(values, weight, 0.75) == pytest.approx(2.0)
    assert quantile(values, weight, 0.5) == pytest.approx(1.0)
