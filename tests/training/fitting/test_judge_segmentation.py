"""The judge gives full marks to the truth, and finds each fault that is put into it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.bone_muscle_ct.labelling import Body, Segmentation
from models.bone_muscle_ct.measurements import VALUE, measure
from models.bone_muscle_ct.segmentation import LEVELS, SegmentationNet
from training.cohorts.spine_ct import body_mask
from training.fitting.judge_segmentation import SPACINGS, compare, judge, levels_of, scanned, summary
from training.phantoms.spine.phantom import SpineCT, make_spine_ct


@pytest.fixture(scope="module")
def ct() -> SpineCT:
    return make_spine_ct(60_500_000, spacing=(4.0, 2.0, 2.0))


def truth_of(ct: SpineCT) -> Segmentation:
    mask = body_mask(ct)
    bodies = []
    for level in LEVELS:
        where = np.argwhere(mask & (ct.vertebra_labels == VALUE[level]))
        if where.size:
            bodies.append(Body(level=level, centre=(where.mean(0) + 0.5) * ct.spacing, volume=1.0))
    return Segmentation(
        vertebrae=ct.vertebra_labels, bodies=mask, muscles=ct.muscle_labels, levels=tuple(bodies),
        doubtful=False, spacing=ct.spacing,
    )  # fmt: skip


def test_the_truth_is_judged_true(ct: SpineCT) -> None:
    found = truth_of(ct)
    judged = compare(ct, found, measure(ct.hu, found))
    assert judged.wrong == judged.missed == ()
    assert judged.figures["dice_vertebrae"] == judged.figures["dice_muscles"] == judged.figures["dice_bone"] == 1
    assert judged.figures["hu_error_L1"] < 12
    assert judged.figures["area_error_percent"] < 6


def test_wrong_and_missing_levels_are_told(ct: SpineCT) -> None:
    found = truth_of(ct)
    names = {"L2": "L3", "L3": "L4"}
    shifted = [replace(b, level=names.get(b.level, b.level)) for b in found.levels if b.level != "T12"]
    wrong, missed = levels_of(ct, replace(found, levels=tuple(shifted)))
    assert wrong == ("L2", "L3")
    assert missed == ("T12",)


def test_masks_of_another_place_are_bad(ct: SpineCT) -> None:
    found = truth_of(ct)
    moved = replace(found, vertebrae=np.roll(found.vertebrae, 12, 2), muscles=np.roll(found.muscles, 12, 2))
    judged = compare(ct, moved, measure(ct.hu, moved))
    assert judged.figures["dice_vertebrae"] < 0.6
    assert judged.figures["dice_muscles"] < 0.6


def test_nothing_found_is_nan_and_not_an_error(ct: SpineCT) -> None:
    nothing = np.zeros(ct.hu.shape, np.uint8)
    found = replace(truth_of(ct), vertebrae=nothing, bodies=nothing > 0, muscles=nothing, levels=())
    judged = compare(ct, found, measure(ct.hu, found))
    assert len(judged.missed) == 7
    assert np.isnan(judged.figures["hu_error_L1"])
    assert np.isnan(judged.figures["area_error_percent"])
    assert judged.figures["dice_vertebrae"] == 0


def test_patients_are_scanned_as_scanners_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(seed: int, **how: object) -> tuple[int, object]:
        return seed, how["spacing"]

    monkeypatch.setattr("training.fitting.judge_segmentation.make_spine_ct", draw)
    seeds = [scanned(n)[0] for n in range(5)]  # type: ignore[index]
    assert len(set(seeds)) == 5
    assert [scanned(n)[1] for n in range(4)] == list(SPACINGS)  # type: ignore[index]
    assert scanned(0, external=False)[0] not in seeds  # type: ignore[index]


def test_an_untrained_network_is_judged_and_bad(ct: SpineCT, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.fitting.judge_segmentation.scanned", lambda _number, **_how: ct)
    torch.manual_seed(0)
    rows = judge(SegmentationNet((4, 8)), 2)
    found = summary(rows)
    assert found["dice_vertebrae"].value < 0.2
    assert found["dice_muscles"].value < 0.2
