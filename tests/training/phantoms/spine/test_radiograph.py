import numpy as np
import pytest

from training.phantoms.spine.bones import paint_body
from training.phantoms.spine.fractures import Fracture
from training.phantoms.spine.projector import project
from training.phantoms.spine.radiograph import (
    KEYPOINTS,
    LumbarRadiograph,
    attenuation,
    draw_subject,
    grids,
    make_lumbar_radiograph,
)


@pytest.fixture(scope="module")
def pictures() -> list[LumbarRadiograph]:
    return [make_lumbar_radiograph(seed, longest_side=256) for seed in range(500, 510)]


def test_a_seed_is_a_picture() -> None:
    first, second = (make_lumbar_radiograph(11, longest_side=128) for _ in range(2))
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert first.keypoints == second.keypoints
    assert make_lumbar_radiograph(12, longest_side=128).keypoints != first.keypoints


def test_pictures_are_pictures(pictures: list[LumbarRadiograph]) -> None:
    for p in pictures:
        assert p.pixels.dtype == np.float32
        assert max(p.pixels.shape) == 256
        assert 0 <= p.pixels.min() < p.pixels.max() <= 1
        assert 0.08 < p.pixels.std() < 0.45


def test_projected_keypoints_lie_inside_the_projected_bodies(pictures: list[LumbarRadiograph]) -> None:
    """Each body is painted alone, without spongiosa and neighbours, and projected."""
    for p in pictures[:4]:
        _, grid, _ = grids(p.anatomy, p.view)
        for level in KEYPOINTS:
            volume = np.zeros(grid.shape, np.float32)
            rng = np.random.default_rng(0)
            paint_body(volume, None, None, grid, p.anatomy.vertebra(level), trabecular=1150.0, rng=rng)
            shadow = project(volume, grid, p.view)
            rows, columns = np.nonzero(shadow > 0.3 * shadow.max())
            row, column = p.keypoints[level]
            assert shadow[round(row), round(column)] > 0.5 * shadow.max()
            assert rows.mean() == pytest.approx(row, abs=0.08 * np.ptp(rows) + 1)
            assert columns.mean() == pytest.approx(column, abs=0.08 * np.ptp(columns) + 1)


def test_keypoints_are_in_the_open_field_and_go_down(pictures: list[LumbarRadiograph]) -> None:
    for p in pictures:
        rows = [p.keypoints[k][0] for k in KEYPOINTS]
        assert rows == sorted(rows)
        for row, column in p.keypoints.values():
            assert p.film.edges[0] * p.pixels.shape[0] < row < (1 - p.film.edges[1]) * p.pixels.shape[0]
            assert p.film.edges[2] * p.pixels.shape[1] < column < (1 - p.film.edges[3]) * p.pixels.shape[1]
        length = np.hypot(*np.subtract(p.keypoints["L5"], p.keypoints["L1"])) * p.spacing[0]
        assert 125 < length < 235  # 141 +- 9 mm, enlarged 1.15 to 1.35


def test_bodies_are_brighter_than_the_fat_behind_the_spine() -> None:
    seen = []
    for seed in range(520, 530):
        p = make_lumbar_radiograph(seed, longest_side=256)
        thick = attenuation(p.anatomy, p.view, seed)
        row, column = (round(v) for v in p.keypoints["L3"])
        step = round(75 / p.view.pixel) * (-1 if p.view.mirrored else 1)
        behind = int(np.clip(column + step, 2, thick.shape[1] - 3))
        seen.append(
            float(thick[row - 3 : row + 4, column - 3 : column + 4].mean() - thick[row, behind - 2 : behind + 3].mean())
        )
    assert np.mean(np.array(seen) > 0.3) >= 0.9


def test_a_fracture_brings_the_neighbours_together() -> None:
    crush = {"L3": Fracture("crush", 3, 0.5)}
    p, q = (make_lumbar_radiograph(3, longest_side=256, fractures=f) for f in ({}, crush))
    assert sum(q.heights["L3"]) < 0.6 * sum(p.heights["L3"])
    assert q.fractures["L3"].grade == 3
    gap = [r.keypoints["L4"][0] - r.keypoints["L2"][0] for r in (p, q)]
    assert gap[1] < gap[0]


def test_people_are_the_cohorts() -> None:
    drawn = [draw_subject(k) for k in range(500)]
    assert np.mean([age for age, _ in drawn]) == pytest.approx(60.5, abs=1)
    assert np.mean([sex == "F" for _, sex in drawn]) == pytest.approx(0.75, abs=0.06)


@pytest.mark.parametrize(
    ("seed", "external", "expected"),
    [
        (7, False, [0.299583, 0.306938, 0.312059, 0.226653, 0.193618, 0.238093]),
        (8, True, [0.489396, 0.379931, 0.674870, 0.532127, 0.696501, 0.827265]),
    ],
)
def test_pictures_of_the_default_size_stay_what_they_were(seed: int, external: bool, expected: list[float]) -> None:
    """Mean, SD and four pixels as they were before smaller pictures were given larger voxels."""
    pixels = make_lumbar_radiograph(seed, external=external).pixels
    assert [pixels.mean(), pixels.std(), *pixels[100:300:50, 130]] == pytest.approx(expected, abs=1e-3)


def test_a_small_picture_is_the_large_one_made_small() -> None:
    """The same person and points, the same shadows but for texture, and no more noise than averaging leaves."""
    small, large = (make_lumbar_radiograph(21, longest_side=side) for side in (192, 384))
    assert small.heights == large.heights
    for level in KEYPOINTS:
        np.testing.assert_allclose(np.add(small.keypoints[level], 0.5) * 2, np.add(large.keypoints[level], 0.5), atol=2)
    binned = large.pixels[:384, : 2 * (large.pixels.shape[1] // 2)].reshape(192, 2, -1, 2).mean((1, 3))
    inner = np.s_[20:172, 20 : min(binned.shape[1], small.pixels.shape[1]) - 20]
    assert np.corrcoef(binned[inner].ravel(), small.pixels[inner].ravel())[0, 1] > 0.9


def test_wishes_are_granted_and_nonsense_is_refused() -> None:
    p = make_lumbar_radiograph(4, longest_side=128, age=70, sex="M", external=True)
    assert (p.age, p.sex, p.anatomy.sex) == (70, "M", "M")
    for wrong in ({"longest_side": 32}, {"age": 5.0}):
        with pytest.raises(ValueError, match="must"):
            make_lumbar_radiograph(1, **wrong)
