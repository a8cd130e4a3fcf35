"""Bodies are found, counted in their order, and painted with one level each."""

import numpy as np
import pytest
import torch

from models.bone_muscle_ct.labelling import assemble, count_levels, find_bodies, segment
from models.bone_muscle_ct.segmentation import CLASSES, LEVELS, VERTEBRA_LABELS, SegmentationNet
from tests.models.bone_muscle_ct.bodies import PITCH, SHAPE, SPACING, hounsfield, spine

T12, L1, L3, S1 = (LEVELS.index(k) for k in ("T12", "L1", "L3", "S1"))


def levels(**how: object) -> list[str]:
    found = spine(**how)  # type: ignore[arg-type]
    return [body.level for body in assemble(found, hounsfield(found), SPACING).levels]


def test_a_whole_spine_gets_its_levels() -> None:
    found = spine()
    answer = assemble(found, hounsfield(found), SPACING)
    assert [body.level for body in answer.levels] == list(LEVELS)
    assert not answer.doubtful
    assert set(np.unique(answer.vertebrae)) == {0, *VERTEBRA_LABELS}
    l3 = answer.body("L3")
    assert l3 is not None
    assert l3.centre == pytest.approx(((3 * PITCH + 6.5) * 3, 13 * 3, 16 * 3))
    assert l3.volume == pytest.approx(9 * 10 * 12 * 0.027)


def test_arches_belong_to_their_vertebra_but_are_no_bodies() -> None:
    found = spine()
    answer = assemble(found, hounsfield(found), SPACING)
    middle = 3 * PITCH + 6
    assert answer.vertebrae[middle, 22, 16] == answer.vertebrae[middle, 12, 16] == 22
    assert answer.bodies[middle, 12, 16]
    assert not answer.bodies[middle, 22, 16]


def test_muscles_lie_beside_the_bone() -> None:
    found = spine()
    answer = assemble(found, hounsfield(found), SPACING)
    assert set(np.unique(answer.muscles)) == {0, 1}
    assert not ((answer.muscles > 0) & (answer.vertebrae > 0)).any()


def test_one_misread_body_is_put_right_by_its_neighbours() -> None:
    assert levels(named={L1: T12}) == list(LEVELS)


def test_a_misread_body_takes_its_arch_along() -> None:
    found = spine(named={L1: T12})
    answer = assemble(found, hounsfield(found), SPACING)
    bottom = (len(LEVELS) - 1 - L1) * PITCH + 6
    assert answer.vertebrae[bottom, 12, 16] == answer.vertebrae[bottom, 22, 16] == 20


def test_part_of_a_spine_keeps_its_levels() -> None:
    assert levels(first=T12, last=L3) == ["T12", "L1", "L2", "L3"]


def test_an_unsure_network_gives_doubtful_levels() -> None:
    found = spine(first=T12, last=L1)
    bone = found.classes[1 : 1 + len(LEVELS)]
    bone[:] = bone.sum(0, keepdim=True) / len(LEVELS)  # any level as likely as another
    found.classes[0][bone.sum(0) > 0.5] = 0.01
    answer = assemble(found, hounsfield(found), SPACING)
    assert answer.doubtful
    assert answer.certainty < 0.5


def test_nothing_found_is_nothing_painted() -> None:
    found = spine(first=1, last=0)
    answer = assemble(found, hounsfield(found), SPACING)
    assert answer.levels == ()
    assert not answer.vertebrae.any()
    assert answer.doubtful
    assert answer.body("L3") is None


def test_specks_are_no_bodies() -> None:
    found = spine(first=L3, last=L3)
    found.classes[:, 100:102, 10:12, 10:12] = 0.0
    found.classes[1, 100:102, 10:12, 10:12] = 1.0
    found.body[100:102, 10:12, 10:12] = 1.0
    numbered, evidence = find_bodies(found)
    assert numbered.max() == 1
    assert evidence.shape == (1, len(LEVELS))


def test_hesitation_between_bone_and_muscle_is_decided_by_hu() -> None:
    found = spine()
    edge = (slice(41, 44), slice(10, 16), slice(22, 24))
    found.classes[(slice(None), *edge)] = 0.0
    found.classes[(1 + L3, *edge)], found.classes[(0, *edge)] = 0.45, 0.55
    hu = hounsfield(found)
    hu[edge] = -50
    assert not assemble(found, hu, SPACING).vertebrae[42, 13, 23]
    hu[edge] = 500
    assert assemble(found, hu, SPACING).vertebrae[42, 13, 23] == 22


def test_counting_keeps_the_order_and_pays_for_gaps() -> None:
    sure = np.log(np.full((3, len(LEVELS)), 0.01))
    for row, level in enumerate((3, 3, 5)):
        sure[row, level] = 0.0
    assert count_levels(sure, np.zeros(2, np.int64))[0] == [3, 4, 5]
    sure[1] = np.log(1 / len(LEVELS))
    sure[2] = np.log(0.01)
    sure[2, 6] = 0.0
    assert count_levels(sure, np.array([0, 1]))[0] == [3, 4, 6]


def test_more_bodies_than_levels_cannot_be_counted() -> None:
    with pytest.raises(ValueError, match="bodies"):
        count_levels(np.zeros((len(LEVELS) + 1, len(LEVELS))), np.zeros(len(LEVELS), np.int64))


def test_an_untrained_network_is_answered_without_error() -> None:
    torch.manual_seed(0)
    net = SegmentationNet((4, 8)).eval()
    hu = np.random.default_rng(0).normal(0, 200, (20, 40, 40)).astype(np.float32)
    answer = segment(net, hu, (3.0, 3.0, 3.0))
    assert answer.vertebrae.shape == answer.muscles.shape == hu.shape
    assert answer.muscles.max() < CLASSES
    assert SHAPE[0] == PITCH * len(LEVELS) + 4
