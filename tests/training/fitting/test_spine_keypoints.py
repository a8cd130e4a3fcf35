from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from models.heatmaps import render
from models.hrnet import KeypointHRNet
from training.cohorts.lumbar import LumbarCohort, simulate
from training.fitting.spine_keypoints import (
    TIERS,
    UPSIDE_DOWN,
    KeypointTrainee,
    Tier,
    as_batch,
    augment,
    find,
    train_keypoints,
    turn_some,
)
from training.loop import Plan, fit

SHORT = Tier(
    train=4, validation=2, judged=2, stored=96, width=4, stages=((32, 1),), second=((64, 1),), batch=2, peak_rate=1e-3
)
SIZE = 64


@pytest.fixture(scope="module")
def cohort() -> LumbarCohort:
    return simulate("train", 12, size=96)


def test_points_move_with_the_picture() -> None:
    torch.manual_seed(0)
    points = 26 + 12 * torch.rand(64, 1, 2)
    pictures = render(points, (SIZE, SIZE), stride=1, sigma=2.0)
    moved, expected = augment(pictures, points, torch.Generator().manual_seed(1))
    blurred = torch.nn.functional.avg_pool2d(moved, 3, 1, 1, count_include_pad=False).flatten(1)
    # some are inverted: the spot is then the darkest place
    peak = torch.where(moved.flatten(1).median(1).values > 0.5, blurred.argmin(1), blurred.argmax(1))
    found = torch.stack([peak % SIZE, peak // SIZE], 1) + 0.5
    away = (found - expected[:, 0]).norm(dim=1)
    assert float((away < 2.5).float().mean()) > 0.95
    assert float((expected - points).norm(dim=2).median()) > 3  # they did move
    assert 0 <= float(moved.min()) < float(moved.max()) <= 1


def test_some_pictures_are_upside_down_and_have_no_points(cohort: LumbarCohort) -> None:
    images, points = as_batch(cohort, np.arange(12).repeat(20), 48)
    shown, told = turn_some(images, points, torch.Generator().manual_seed(0))
    turned = (told < 0).all((1, 2))
    assert 0.5 * UPSIDE_DOWN < float(turned.float().mean()) < 2 * UPSIDE_DOWN
    assert torch.equal(shown[turned], images[turned].flip(2, 3))
    assert torch.equal(shown[~turned], images[~turned])
    assert torch.equal(told[~turned], points[~turned])
    _, moved = augment(shown, told, torch.Generator().manual_seed(0))
    assert float(render(moved[turned], (12, 12), sigma=2.0).max()) == 0.0


def test_a_seed_is_an_augmentation(cohort: LumbarCohort) -> None:
    images, points = as_batch(cohort, np.arange(3), 48)
    first, second, other = (augment(images, points, torch.Generator().manual_seed(s)) for s in (5, 5, 6))
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
    assert not torch.equal(first[1], other[1])


def test_a_batch_has_the_size_of_the_stage(cohort: LumbarCohort) -> None:
    images, points = as_batch(cohort, np.array([2, 0]), 48)
    assert images.shape == (2, 1, 48, 48)
    np.testing.assert_allclose(points, cohort.keypoints[[2, 0]] / 2, rtol=1e-5)


def test_a_silent_network_has_a_loss_of_about_one(cohort: LumbarCohort) -> None:
    trainee = KeypointTrainee(cohort, cohort, replace(SHORT, stages=((96, 1),), second=()))
    for parameter in trainee.network.final_layer.parameters():
        torch.nn.init.zeros_(parameter)
    trainee.network.eval()
    loss = trainee.loss(as_batch(cohort, np.arange(4), 96), torch.device("cpu"))
    assert float(loss.detach()) == pytest.approx(1.0, abs=0.05)


def test_an_epoch_shows_nobody_twice(cohort: LumbarCohort) -> None:
    trainee = KeypointTrainee(cohort, cohort, replace(SHORT, stages=((32, 1), (64, 1)), batch=4))
    batches = list(trainee.batches(1, torch.Generator().manual_seed(0)))
    assert [tuple(images.shape) for images, _ in batches] == [(4, 1, 64, 64)] * 3
    assert trainee.steps == 3


def test_tiers_are_what_the_specification_names() -> None:
    assert TIERS["small"].width == 18
    assert (TIERS["reference"].width, TIERS["reference"].size) == (32, 384)
    for tier in TIERS.values():
        assert all(size % 32 == 0 and size <= tier.stored for sizes, _ in tier.cycles for size in sizes)


def test_the_chain_writes_weights_and_does_not_train_twice(tmp_path: Path) -> None:
    first = train_keypoints(SHORT, out=tmp_path, seed=1)
    assert [len(history.losses) for history in first.histories] == [1, 1]
    assert (tmp_path / "keypoints-2.csv").is_file()
    again = train_keypoints(SHORT, out=tmp_path, seed=1)
    network = KeypointHRNet(5, SHORT.width)
    network.load_state_dict(load_file(first.weights))
    for name, tensor in again.network.state_dict().items():
        assert torch.equal(tensor, network.state_dict()[name]), name


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_it_learns_more_from_points_than_from_anothers_points() -> None:
    """The control sees the same pictures with keypoints of somebody else."""
    cohort, held_out = simulate("train", 240, size=96, workers=2), simulate("validation", 16, size=96)
    order = np.roll(np.arange(len(cohort)), 1)
    shuffled = replace(cohort, keypoints=cohort.keypoints[order])
    tier = replace(TIERS["tiny"], stages=((SIZE, 14),))
    errors = []
    for people in (cohort, shuffled):
        torch.manual_seed(0)
        trainee = KeypointTrainee(people, held_out, tier)
        fit(trainee, Plan(epochs=14, peak_rate=tier.peak_rate), seed=0)
        found = find(trainee.network, held_out, size=SIZE, thorough=False)  # what the network says by itself
        away = np.linalg.norm(found.points * (96 / SIZE) - held_out.keypoints, axis=2) * held_out.spacing[:, None]
        errors.append(float(np.median(away)))
    assert errors[0] < 0.5 * errors[1], errors
