from pathlib import Path

import numpy as np
import pytest

from tests.training.spine_people import few
from training.cohorts.spine_pictures import BMI, NAMES, SPLIT_SEEDS, draw_bmi, draw_pictures
from training.phantoms.spine.anatomy import draw_anatomy


def test_shapes_and_that_fewer_are_the_first_of_more(tmp_path: Path) -> None:
    people = few(6)
    assert people.images.shape == (6, 1, 96, 96)
    assert people.points.shape == (6, 5, 2)
    assert people.hu.shape == people.grades.shape == (6, 5)
    assert people.heights.shape == people.normal.shape == (6, 5, 3)
    assert people.discs.shape == (6, 4)
    again = draw_pictures("train", 2, size=96, cache=tmp_path)
    kept = draw_pictures("train", 2, size=96, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    for name in NAMES:
        np.testing.assert_array_equal(getattr(again, name), getattr(people, name)[:2])
        np.testing.assert_array_equal(getattr(kept, name), getattr(again, name))


def test_points_lie_on_the_bones_from_top_to_bottom() -> None:
    people = few(6)
    assert (np.diff(people.points[..., 1], axis=1) > 0).all()
    assert people.points.min() > 0
    assert people.points.max() < 96


def test_another_unit_shows_the_same_person() -> None:
    two = draw_pictures("train", 1, size=96, films=2)
    np.testing.assert_array_equal(two.images[:, 0], few(6).images[:1, 0])
    assert (two.images[0, 0] != two.images[0, 1]).mean() > 0.2
    np.testing.assert_array_equal(two.points, few(6).points[:1])


def test_truth_is_the_phantoms() -> None:
    people = few(6)
    seed = int(people.seeds[0])
    assert seed == SPLIT_SEEDS["train"]
    anatomy = draw_anatomy(
        seed, age=float(people.age[0]), sex="F" if people.female[0] else "M", standing=True, phase="native",
        bmi=draw_bmi(seed),
    )  # fmt: skip
    assert people.hu[0].tolist() == pytest.approx(
        [anatomy.vertebra(k).trabecular_hu for k in ("L1", "L2", "L3", "L4", "L5")]
    )
    assert anatomy.bmi == pytest.approx(float(people.bmi[0]), abs=1e-4)
    assert 4 < people.discs.min() < people.discs.max() < 18


def test_people_weigh_what_the_papers_do() -> None:
    drawn = [draw_bmi(seed) for seed in range(2000)]
    assert np.mean(drawn) == pytest.approx(BMI[0], abs=0.3)
    assert np.std(drawn) == pytest.approx(BMI[1], abs=0.3)
    assert np.mean([draw_bmi(seed, external=True) for seed in range(2000)]) > 25.5


def test_unknown_split_or_nobody() -> None:
    for split, count in (("holdout", 3), ("train", 0)):
        with pytest.raises(ValueError, match="split must be"):
            draw_pictures(split, count, size=96)
