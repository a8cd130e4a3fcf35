"""Simulated people: splits, cache, labels, fates."""

from pathlib import Path

import numpy as np
import pytest

from training.cohorts.bone_muscle_ct import ENRICHED, SPLIT_SEEDS, Fates, simulate, spinal_muscle
from training.cohorts.bone_muscle_data import BoneMuscleCohort, unpack
from training.phantoms.spine.slices import make_spine_slices

SIZE, PIXEL = 16, 12.0


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> BoneMuscleCohort:
    return simulate("train", 12, size=SIZE, pixel=PIXEL, fates=Fates(each=3), cache=tmp_path_factory.mktemp("kept"))


def test_shapes(cohort: BoneMuscleCohort) -> None:
    assert len(cohort) == 12
    assert cohort.pictures.shape == (12, 16, SIZE, SIZE)
    assert cohort.masks.shape == (12, 2, 16, SIZE, SIZE // 8)
    assert cohort.time.shape == cohort.event.shape == (12, 3)
    assert cohort.present.all()
    assert (cohort.time > 0).all()


def test_labels_are_the_phantoms(cohort: BoneMuscleCohort) -> None:
    seed = int(cohort.patients[0])
    assert seed == SPLIT_SEEDS["train"]
    external = simulate("external", 1, size=SIZE, pixel=PIXEL)
    made = make_spine_slices(int(external.patients[0]), size=96, pixel=2.0, external=True, hardware=False)
    assert external.trabecular[0] == pytest.approx(
        [made.truth.trabecular_hu[level] for level in ("T12", "L1", "L2", "L3", "L4", "L5")], rel=1e-5
    )
    assert external.muscle[0] == pytest.approx(spinal_muscle(made.truth), rel=1e-5)
    assert external.sex[0] == made.anatomy.sex
    masks = unpack(external.masks[0], SIZE)
    assert masks[0].sum() * PIXEL**2 == pytest.approx(made.bone.sum() * 4.0, rel=0.25)


def test_the_training_split_has_more_fractures_than_nature() -> None:
    given = [s for s in range(SPLIT_SEEDS["train"], SPLIT_SEEDS["train"] + 400) if _given(s)]
    assert len(given) / 400 == pytest.approx(ENRICHED, abs=0.07)


def _given(seed: int) -> bool:
    return bool(np.random.default_rng([seed, 42]).random() < ENRICHED)


def test_the_cache_gives_the_same_people_with_other_fates(tmp_path: Path) -> None:
    first = simulate("test", 2, size=SIZE, pixel=PIXEL, cache=tmp_path)
    seen: list[int] = []
    again = simulate(
        "test", 2, size=SIZE, pixel=PIXEL, cache=tmp_path, fates=Fates(beta_muscle=0.0),
        progress=lambda done, _: seen.append(done),
    )  # fmt: skip
    assert not seen
    np.testing.assert_array_equal(first.pictures, again.pictures)
    assert not np.array_equal(first.lp, again.lp)


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(ValueError, match="split must be"):
        simulate("holdout", 1)
    with pytest.raises(ValueError, match="multiple of 8"):
        simulate("test", 1, size=20)


def test_long_follow_up_has_more_events(cohort: BoneMuscleCohort, tmp_path: Path) -> None:
    usual = simulate("validation", 6, size=SIZE, pixel=PIXEL, cache=tmp_path, fates=Fates(each=40))
    long = simulate("validation", 6, size=SIZE, pixel=PIXEL, cache=tmp_path, fates=Fates(each=40, long=True))
    assert long.event.mean() > usual.event.mean() + 0.3
    assert cohort.event.dtype == np.bool_
