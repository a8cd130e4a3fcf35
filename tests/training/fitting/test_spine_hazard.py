from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.patches import VARIANTS
from models.spine_fracture_xr.network import FractureNet
from models.spine_fracture_xr.preprocess import View
from tests.training.spine_people import cohort
from training.cohorts.spine_fracture_xr import TRUTH, lives
from training.fitting.spine_hazard import (
    TIERS,
    Shown,
    Teacher,
    dealt,
    features_of,
    jittered,
    mean_c,
    show,
    train_hazard,
    truth_loss,
    varied,
)

SHORT = replace(TIERS["tiny"], shown=32, epochs=2, arm_epochs=2, batch=8, films=1, lives=2)


def spots(count: int, seed: int = 0) -> Shown:
    """Pictures in which the hazard is plain to see: how bright the middle is."""
    rng = np.random.default_rng(seed)
    bright = rng.normal(size=count)
    pictures = np.zeros((1, count, 1, 32, 32), np.float32)
    pictures[..., 10:22, 10:22] = (0.5 + 0.15 * bright)[None, :, None, None, None]
    pictures += 0.05 * rng.standard_normal(pictures.shape)
    items = np.tile(np.array([60, 1, 24, 0, 1, 0, 0], np.float32), (count, 1))
    truth = np.full((count, len(TRUTH)), np.nan, np.float32)
    truth[:, 0] = bright
    times = rng.exponential(np.exp(-2 * bright), (3, count))
    return Shown(
        pictures=np.round(pictures.clip(0, 1) * 255).astype(np.uint8), items=items, truth=truth, times=times,
        events=np.ones((3, count), bool),
    )  # fmt: skip


def test_tiers_are_the_ones_of_the_recipe() -> None:
    assert set(TIERS) == {"tiny", "small", "reference"}
    assert TIERS["reference"].view == View(variant="patches_L1L5", layout="canvas", size=384)
    assert all(tier.batch >= 40 for tier in TIERS.values())


def test_show_makes_a_picture_for_each_film_and_a_row_for_each_life() -> None:
    people = cohort(2, films=2)
    for variant in VARIANTS:
        shown = show(lives(people, "train", 3), View(variant=variant, size=48))
        assert shown.pictures.shape == (2, 2, 1, 48, 48)
        assert shown.times.shape == shown.events.shape == (3, 2)
        assert len(shown) == 2
    moved = show([people], View(size=48), jitter=0.1)
    assert (moved.pictures != show([people], View(size=48)).pictures).any(axis=(1, 2, 3, 4)).all()


def test_jitter_is_a_share_of_the_vertebral_distance() -> None:
    points = np.cumsum(np.tile([[0.0, 40.0]], (5, 1)), axis=0)[None].repeat(4000, 0)
    away = jittered(points, 0.05, 1) - points
    assert away.std() == pytest.approx(2.0, rel=0.02)
    np.testing.assert_array_equal(jittered(points, 0.0, 1), points)


def test_events_are_dealt_out_evenly_and_each_row_once() -> None:
    events = np.zeros(103, bool)
    events[:20] = True
    batches = list(dealt(events, 25, torch.Generator().manual_seed(0)))
    assert len(batches) == 4
    assert [int(events[rows].sum()) for rows in batches] == [5, 5, 5, 5]
    assert sorted(np.concatenate(batches)) == list(range(103))
    assert len(list(dealt(events[:10], 25, torch.Generator().manual_seed(0)))) == 1


def test_truth_that_is_not_known_costs_nothing() -> None:
    told = torch.tensor([[1.0, 2.0]])
    assert float(truth_loss(told, torch.tensor([[0.0, torch.nan]]))) == 1
    assert float(truth_loss(told, torch.full((1, 2), torch.nan))) == 0


def test_varied_moves_mirrors_and_keeps_grey() -> None:
    pictures = np.zeros((64, 1, 32, 32), np.uint8)
    pictures[:, :, 8:24, 4:12] = 128
    found = varied(pictures, torch.Generator().manual_seed(0)) * 0.30 + 0.30
    left, right = found[..., :16].mean((1, 2, 3)), found[..., 16:].mean((1, 2, 3))
    assert 0.3 < (left < right).float().mean() < 0.7
    assert found.flatten(1).quantile(0.9, dim=1).mean() == pytest.approx(128 / 255, abs=0.05)
    again = varied(pictures, torch.Generator().manual_seed(0)) * 0.30 + 0.30
    assert torch.equal(found, again)


def test_c_is_the_mean_over_lives_and_nan_without_events() -> None:
    shown = spots(40)
    bright = shown.truth[:, 0].astype(np.float64)
    assert mean_c(bright, shown) > 0.8
    assert mean_c(-bright, shown) == pytest.approx(1 - mean_c(bright, shown))
    assert np.isnan(mean_c(bright, replace(shown, events=np.zeros((3, 40), bool))))


def test_what_is_plain_to_see_is_learnt_and_a_run_repeats(tmp_path: Path) -> None:
    tier = replace(SHORT, epochs=10, arm_epochs=20, batch=60, rate=4e-3)
    train, validation = spots(240), spots(80, seed=1)
    first = train_hazard(train, validation, tier, seed=0, folder=tmp_path)
    with torch.no_grad():
        hazards = first.net.hazards(features_of(first.net, validation.pictures[0]), torch.from_numpy(validation.items))
    oracle = mean_c(validation.truth[:, 0].astype(np.float64), validation)
    for name in ("image", "deepsurv_image", "deepsurv_image_m1"):
        efficiency = (mean_c(hazards[name].numpy(), validation) - 0.5) / (oracle - 0.5)
        assert efficiency > 0.8, name
    assert abs(mean_c(hazards["deepsurv_m3"].numpy(), validation) - 0.5) < 0.02  # everybody's referral is the same
    resumed = train_hazard(train, validation, tier, seed=0, folder=tmp_path)
    for a, b in zip(first.net.state_dict().values(), resumed.net.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_the_teacher_tells_what_it_sees() -> None:
    hazard, told = Teacher(FractureNet(width=0.25)).eval()(torch.zeros(2, 1, 32, 32), torch.zeros(2, 7))
    assert hazard.shape == (2,)
    assert told.shape == (2, len(TRUTH))
