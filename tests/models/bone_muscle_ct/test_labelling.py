"""Bodies are told apart, counted from the sacrum, and painted with one level each."""

import numpy as np
import pytest
import torch

from models.bone_muscle_ct.labelling import BODY, assemble, count_up, segment
from models.bone_muscle_ct.segmentation import LEVELS, MUSCLES, TISSUES, VERTEBRA_LABELS, SegmentationNet
from tests.models.bone_muscle_ct.bodies import PITCH, SPACING, hounsfield, put, spine

T12, L1, L3, L5, S1 = (LEVELS.index(k) for k in ("T12", "L1", "L3", "L5", "S1"))
MIDDLE_L3 = 3 * PITCH + 6


def test_a_whole_spine_gets_its_levels() -> None:
    found = spine()
    answer = assemble(found, hounsfield(found), SPACING)
    assert [body.level for body in answer.levels] == list(LEVELS[:-1])
    assert not answer.doubtful
    assert set(np.unique(answer.vertebrae)) == {0, *VERTEBRA_LABELS}
    l3 = answer.body("L3")
    assert l3 is not None
    assert l3.centre == pytest.approx(((3 * PITCH + 6.5) * 3, 13 * 3, 16 * 3), abs=0.5)
    assert l3.volume == pytest.approx(9 * 10 * 12 * 0.027)


def test_arches_belong_to_their_vertebra_but_are_no_bodies() -> None:
    found = spine()
    answer = assemble(found, hounsfield(found), SPACING)
    assert answer.vertebrae[MIDDLE_L3, 22, 16] == answer.vertebrae[MIDDLE_L3, 12, 16] == 22
    assert answer.bodies[MIDDLE_L3, 12, 16]
    assert not answer.bodies[MIDDLE_L3, 22, 16]


def test_muscles_lie_beside_the_bone() -> None:
    found = spine()
    answer = assemble(found, hounsfield(found), SPACING)
    assert set(np.unique(answer.muscles)) == {0, 1}
    assert not ((np.asarray(answer.muscles) > 0) & (answer.vertebrae > 0)).any()


def test_part_of_a_spine_on_its_sacrum_is_counted() -> None:
    found = spine(first=L1)
    levels = assemble(found, hounsfield(found), SPACING).levels
    assert [body.level for body in levels] == ["L1", "L2", "L3", "L4", "L5"]


def test_without_a_sacrum_nothing_is_named() -> None:
    found = spine(first=T12, last=L3)
    answer = assemble(found, hounsfield(found), SPACING)
    assert answer.levels == ()
    assert answer.doubtful
    assert not answer.vertebrae.any()


def test_a_missed_body_is_told_and_the_others_keep_their_levels() -> None:
    found = spine(without=L3)
    answer = assemble(found, hounsfield(found), SPACING)
    assert answer.doubtful
    assert [body.level for body in answer.levels] == [level for level in LEVELS[:-1] if level != "L3"]
    assert answer.body("L3") is None


def test_a_missed_l5_is_told() -> None:
    found = spine(without=L5)
    answer = assemble(found, hounsfield(found), SPACING)
    assert answer.doubtful
    assert answer.levels[-1].level == "L4"


def test_two_bodies_that_hang_together_are_cut() -> None:
    found = spine()
    gap = (len(LEVELS) - 1 - L3) * PITCH + 11  # between L3 and L2
    put(found.classes, BODY, (slice(gap, gap + 3), slice(9, 17), slice(11, 21)))
    answer = assemble(found, hounsfield(found), SPACING)
    assert [body.level for body in answer.levels] == list(LEVELS[:-1])


def test_three_bodies_in_one_piece_are_cut_at_their_end_plates() -> None:
    """Thin discs between thick slices: the network sees one body, HU show where it ends."""
    found = spine()
    gaps = [slice(g, g + 4) for g in ((len(LEVELS) - 1 - level) * PITCH + 11 for level in (L3, L3 - 1))]
    for gap in gaps:
        put(found.classes, BODY, (gap, slice(8, 18), slice(10, 22)))
    hu = hounsfield(found)
    for gap in gaps:
        hu[gap, 8:18, 10:22] = 450
    answer = assemble(found, hu, SPACING)
    assert [body.level for body in answer.levels] == list(LEVELS[:-1])
    assert not answer.doubtful
    l2 = answer.body("L2")
    assert l2 is not None
    assert l2.centre[0] == pytest.approx((4 * PITCH + 6.5) * 3, abs=4)


def test_an_arch_that_hangs_in_from_above_is_of_the_next_level() -> None:
    found = spine(first=T12)
    above = (len(LEVELS) - 1 - T12) * PITCH + 13
    put(found.classes, TISSUES.index("arch"), (slice(above, above + 3), slice(20, 23), slice(14, 18)))
    answer = assemble(found, hounsfield(found), SPACING)
    assert answer.levels[0].level == "T12"
    assert set(np.unique(answer.vertebrae[above : above + 3, 20:23, 14:18])) == {VERTEBRA_LABELS[T12 - 1]}


def test_nothing_found_is_nothing_painted() -> None:
    found = spine(first=1, last=0)
    answer = assemble(found, hounsfield(found), SPACING)
    assert answer.levels == ()
    assert not answer.vertebrae.any()
    assert answer.doubtful


def test_bone_far_from_the_spine_is_no_body() -> None:
    found = spine()
    put(found.classes, BODY, (slice(50, 58), slice(0, 3), slice(0, 4)))
    assert len(assemble(found, hounsfield(found), SPACING).levels) == len(LEVELS) - 1


def test_hesitation_between_bone_and_muscle_is_decided_by_hu() -> None:
    found = spine()
    edge = (slice(41, 44), slice(10, 16), slice(22, 24))
    put(found.classes, 0, edge)
    found.classes[(BODY, *edge)], found.classes[(0, *edge)] = 0.45, 0.55
    hu = hounsfield(found)
    hu[edge] = -50
    assert not assemble(found, hu, SPACING).vertebrae[42, 13, 23]
    hu[edge] = 500
    assert assemble(found, hu, SPACING).vertebrae[42, 13, 23] == 22


def test_counting_from_the_sacrum() -> None:
    assert count_up(np.array([20.0, 55, 90]), 0.0) == ([L5, L5 - 1, L5 - 2], False)
    assert count_up(np.array([20.0, 90, 125]), 0.0) == ([L5, L5 - 2, L5 - 3], True)
    assert count_up(np.array([55.0, 90]), 0.0) == ([L5 - 1, L5 - 2], True)
    assert count_up(np.array([20.0]), float("nan")) == ([-1], True)
    assert count_up(np.arange(20.0, 360.0, 34.0), 0.0)[0][-2:] == [-1, -1]


def test_an_untrained_network_is_answered_without_error() -> None:
    torch.manual_seed(0)
    net = SegmentationNet((4, 8)).eval()
    hu = np.random.default_rng(0).normal(0, 200, (20, 40, 40)).astype(np.float32)
    answer = segment(net, hu, (3.0, 3.0, 3.0))
    assert answer.vertebrae.shape == answer.muscles.shape == hu.shape
    assert np.asarray(answer.muscles).max() <= len(MUSCLES)
