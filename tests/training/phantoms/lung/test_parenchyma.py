import numpy as np
import pytest

from training.phantoms.lung import parenchyma
from training.phantoms.lung.disease import GROUND_GLASS, HONEYCOMBING, RETICULATION
from training.phantoms.lung.lattice import edge
from training.phantoms.lung.parenchyma import draw_tissue, paint_lungs
from training.phantoms.lung.phantom import Scene
from training.phantoms.lung.shape import reference_lattice

Lungs = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Scene]


def painted(seed: int, pixel: float = 2.0) -> Lungs:
    """HU, patterns, fibrosis and cover of lungs without vessels."""
    scene = Scene(seed)
    lattice = reference_lattice(scene.shape, pixel)
    cover = edge(scene.shape.lung(*lattice.opened), pixel)
    volume, patterns = np.zeros(lattice.shape, np.float32), np.zeros(lattice.shape, np.uint8)
    fibrotic = paint_lungs(
        volume, patterns, lattice, cover, scene.shape.wall_depth(*lattice.opened), shape=scene.shape,
        disease=scene.spread[0], tissue=draw_tissue(seed),
    )  # fmt: skip
    return volume, patterns, fibrotic, cover, scene


@pytest.fixture(scope="module")
def lungs() -> list[Lungs]:
    return [painted(seed) for seed in (1, 62, 156)]


def test_normal_lung(lungs: list[Lungs]) -> None:
    for volume, patterns, _, cover, scene in lungs:
        normal = volume[(cover == 1) & (patterns == 0)]
        wanted = parenchyma.NORMAL + parenchyma.SHALLOW * (0.95 - scene.person.inspiration)
        assert np.median(normal) == pytest.approx(wanted, abs=15)
        assert np.percentile(normal, 90) < -700


def test_the_back_is_denser() -> None:
    volume, patterns, _, cover, scene = painted(0)
    lattice = reference_lattice(scene.shape, 2.0)
    normal = (cover == 1) & (patterns == 0)
    y = np.broadcast_to(lattice.opened[1], volume.shape)
    assert volume[normal & (y > 40)].mean() > volume[normal & (y < -40)].mean() + 20


def test_patterns_have_their_densities(lungs: list[Lungs]) -> None:
    for volume, patterns, _, _, _ in lungs:
        glass, net = (np.median(volume[patterns == k]) for k in (GROUND_GLASS, RETICULATION))
        assert -700 < glass < -500
        assert -560 < volume[patterns == RETICULATION].mean() < -200
        assert net > glass - 60
        comb = volume[patterns == HONEYCOMBING]
        assert np.percentile(comb, 10) < -700, "air in the cells"
        assert np.percentile(comb, 95) > -420, "walls around them"


def test_fibrosis_is_reticulation_and_honeycombing(lungs: list[Lungs]) -> None:
    for _, patterns, fibrotic, cover, _ in lungs:
        whole = cover == 1
        assert fibrotic[whole & (patterns >= RETICULATION)].mean() > 0.7
        assert fibrotic[whole & (patterns == 0)].mean() < 0.05
        assert not patterns[cover < 0.4].any()
