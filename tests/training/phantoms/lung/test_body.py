import numpy as np
import pytest

from training.phantoms.lung import body
from training.phantoms.lung.lattice import Lattice
from training.phantoms.lung.mediastinum import Contrast
from training.phantoms.lung.phantom import Scene

WOMAN, MAN = (next(Scene(s) for s in range(40) if Scene(s).person.sex == sex) for sex in ("F", "M"))


def slab(*heights: float, pixel: float = 2.0) -> Lattice:
    return Lattice.square(np.array(sorted(heights), np.float32), (0.0, 0.0), (200, 240), pixel)


def painted(scene: Scene, lattice: Lattice) -> tuple[np.ndarray, np.ndarray]:
    volume = np.empty(lattice.shape, np.float32)
    around = body.draw_around(scene.seed)
    return volume, body.paint_body(volume, lattice, scene.shape, around, Contrast())


@pytest.mark.parametrize("scene", [WOMAN, MAN])
def test_air_fat_and_muscle(scene: Scene) -> None:
    volume, cage = painted(scene, slab(-40.0))
    assert volume[0, 0, 0] == pytest.approx(body.AIR)
    outside = volume[(cage < -2) & (volume > -900)]
    assert 0.08 < np.mean(np.abs(outside - body.FAT) < 15) < 0.85
    assert np.mean(np.abs(outside - 48) < 10) > 0.1


def test_women_have_breasts() -> None:
    z = -0.12 * WOMAN.shape.length
    ahead = []
    for scene in (WOMAN, MAN):
        lattice = slab(z)
        volume, _ = painted(scene, lattice)
        front = scene.shape.profile(lattice.z)[1][0]
        ahead.append(((volume[0] > -900) & (lattice.y < front - 28)[:, None]).sum())
    assert ahead[0] > ahead[1]


def test_liver_right_stomach_left() -> None:
    lattice = slab(WOMAN.shape.dome - 45)
    volume, cage = painted(WOMAN, lattice)
    body.paint_abdomen(
        volume, lattice, WOMAN.shape, cage=cage, around=body.draw_around(WOMAN.seed), contrast=Contrast()
    )
    inside = cage[0] > 15
    right, left = (inside & (side * lattice.x > 45)[None, :] for side in (-1, 1))
    assert np.median(volume[0][right]) == pytest.approx(body.LIVER, abs=8)
    assert (volume[0][left] < -900).any(), "gas in the stomach"
    assert (np.abs(volume[0][left] - body.SPLEEN) < 1).sum() > 50


def test_the_table_lies_under_the_back() -> None:
    lattice = slab(0.0)
    volume, _ = painted(MAN, lattice)
    before = volume.copy()
    body.paint_table(volume, lattice, MAN.shape)
    rows = np.nonzero((volume != before)[0][:, 100:140])[0]
    assert lattice.y[rows].min() > MAN.shape.person.back
    assert volume[0][volume[0] != before[0]].max() > -400
