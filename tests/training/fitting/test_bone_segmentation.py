"""The network learns where vertebrae and muscles are; from labels that do not fit the images it learns nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.bone_muscle_ct.segmentation import AIR, BONES, LEVELS, TISSUES, SegmentationNet, windows
from training.cohorts.spine_ct import BODY, SpineCohort, simulate
from training.fitting.bone_segmentation import TIERS, crop, loss_of, tissues, train_segmentation, vary

TINY = TIERS["tiny"]


@pytest.fixture(scope="module")
def cohorts() -> tuple[SpineCohort, SpineCohort]:
    return simulate("train", TINY.train), simulate("validation", TINY.validation)


def overlap(net: SegmentationNet, cohort: SpineCohort) -> tuple[float, float]:
    """Dice of all vertebrae together and of all muscles together on the network's grid."""
    hit, total = np.zeros(2), np.zeros(2)
    for number in range(len(cohort)):
        hu, target = crop(*cohort.volume(number), TINY.crops[0], torch.Generator().manual_seed(0))
        with torch.no_grad():
            best = net(windows(hu[None]))[0].argmax(0)
        named = tissues(target)
        for k, (low, high) in enumerate(((1, BONES.stop - 1), (BONES.stop, len(TISSUES) - 1))):
            a, b = (best >= low) & (best <= high), (named >= low) & (named <= high)
            hit[k] += 2 * int((a & b).sum())
            total[k] += int(a.sum()) + int(b.sum())
    bone, muscle = hit / total
    return float(bone), float(muscle)


def torn(cohort: SpineCohort) -> SpineCohort:
    """The same images with the labels moved away from what they name."""
    rng = np.random.default_rng(0)
    parts = []
    for number in range(len(cohort)):
        classes = cohort.volume(number)[1]
        shift = [int(n * rng.uniform(0.3, 0.7)) for n in classes.shape]
        parts.append(np.roll(classes, shift, (0, 1, 2)).ravel())
    return replace(cohort, classes=np.concatenate(parts))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_learns_what_the_labels_say(cohorts: tuple[SpineCohort, SpineCohort], tmp_path: Path) -> None:
    train, validation = cohorts
    torch.manual_seed(5)
    before = overlap(SegmentationNet(TINY.widths).eval(), validation)
    net, history = train_segmentation(train, validation, TINY, seed=1, folder=tmp_path)
    bone, muscle = overlap(net, validation)
    assert history.losses[-1] < 0.7 * history.losses[0]
    assert (tmp_path / "segmentation.csv").is_file()
    assert max(before) < 0.3
    assert min(bone, muscle) > 0.6
    wrong, _ = train_segmentation(torn(train), torn(validation), TINY, seed=1)
    assert max(overlap(wrong, validation)) < 0.3


def test_pieces_are_cut_or_filled_up() -> None:
    hu = np.arange(10 * 20 * 30, dtype=np.int16).reshape(10, 20, 30)
    classes = (hu % 200).astype(np.uint8)
    for seed in range(5):
        piece, target = crop(hu, classes, (16, 8, 30), torch.Generator().manual_seed(seed))
        assert piece.shape == target.shape == (16, 8, 30)
        real = piece > AIR
        assert real.any(2).any(1).sum() == 10
        assert torch.equal(piece[real].long() % 200, target[real].long())


def test_variation_keeps_the_shape_and_moves_hu_a_little() -> None:
    hu = torch.full((8, 9, 10), 100.0)
    for seed in range(20):
        found = vary(hu, torch.Generator().manual_seed(seed))
        assert found.shape == hu.shape
        assert 75 < float(found.mean()) < 125


def test_tissues_put_levels_together() -> None:
    classes = torch.tensor([0, 1, 8, 9, 10, 15, BODY + 1, BODY + 8, BODY + 9], dtype=torch.uint8)
    names = [TISSUES[k] for k in tissues(classes).tolist()]
    assert names == ["background", "arch", "arch", "sacrum", "psoas", "other", "body", "body", "sacrum"]
    assert len(LEVELS) == 9


def test_loss_is_small_for_the_truth_and_large_for_another() -> None:
    rng = np.random.default_rng(0)
    named = torch.from_numpy(rng.integers(0, len(TISSUES), (1, 8, 8, 8)))
    logits = torch.full((1, len(TISSUES), 8, 8, 8), -20.0)
    logits.scatter_(1, named[:, None], 20.0)
    assert float(loss_of(logits, named)) < 0.02
    assert float(loss_of(logits.roll(1, 1), named)) > 10


def test_loss_of_a_piece_of_air_exists() -> None:
    logits = torch.zeros(1, len(TISSUES), 4, 4, 4, requires_grad=True)
    loss = loss_of(logits, torch.zeros(1, 4, 4, 4, dtype=torch.int64))
    loss.backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(loss)
    assert logits.grad is not None


def test_tiers_grow() -> None:
    sizes = [TIERS[name].train * TIERS[name].plan.epochs for name in ("tiny", "small", "reference")]
    assert sizes == sorted(sizes)
    for tier in TIERS.values():
        multiple = SegmentationNet(tier.widths).multiple
        assert all(side % multiple == 0 for size in tier.crops for side in size)
