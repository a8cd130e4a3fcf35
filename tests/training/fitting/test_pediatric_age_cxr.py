from dataclasses import replace

import numpy as np
import pytest
import torch

from models.pediatric_age_cxr.network import Architecture
from models.pediatric_age_cxr.preprocess import prepare
from tests.training.fitting.age_cohorts import discs
from training.cohorts.pediatric_age_cxr import row_of
from training.fitting.pediatric_age_cxr import TIERS, AgeTrainee, Tier, mae, resized, score
from training.loop import Plan, fit
from training.phantoms.child.phantom import make_child

SHORT = Tier(
    train=200, validation=20, test=8, external=8, architecture=Architecture(depth=18, width=0.125), size=64,
    stored=64, epochs=3, batch=10, peak_rate=4e-3,
)  # fmt: skip


@pytest.mark.slow
def test_a_short_training_learns_size() -> None:
    train, validation = discs(200), discs(60, seed=1)
    trainee = AgeTrainee(train, validation, SHORT, seed=0)
    history = fit(trainee, SHORT.plan, seed=0)
    guess = float(np.abs(validation.months - np.median(train.months)).mean())
    learned = mae(trainee.network.net, validation, size=64)
    assert learned < 0.5 * guess
    assert min(history.validation) == history.validation[history.best_epoch]
    # the disc's size on the picture says little once that of a pixel is forgotten
    assert mae(trainee.network.net, validation.without_size(), size=64) > 1.5 * learned


def test_the_same_seed_gives_the_same_weights() -> None:
    cohort = discs(20)
    trainees = [AgeTrainee(cohort, cohort.take(range(4)), SHORT, seed=1) for _ in range(2)]
    histories = [fit(trainee, Plan(epochs=1, peak_rate=1e-3), seed=1) for trainee in trainees]
    assert histories[0] == histories[1]
    first, second = (trainee.network.state_dict().values() for trainee in trainees)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_batch_forgets_size_and_sex_now_and_then() -> None:
    trainee = AgeTrainee(discs(200), discs(8, seed=1), SHORT, seed=0)
    batches = list(trainee.batches(0, torch.Generator().manual_seed(0)))
    assert len(batches) == trainee.steps == 20
    told = torch.cat([batch.scalars for batch in batches])
    assert 0.6 < float(told[:, 2].mean()) < 0.8  # size known
    assert 0.7 < float(told[:, :2].sum(1).mean()) < 0.9  # sex known
    assert batches[0].images.shape == (10, 1, 64, 64)
    labels = torch.cat([batch.label for batch in batches])
    assert len(set(labels.tolist())) == 200  # each child once


def test_simulated_children_teach_the_best_estimate_and_real_ones_their_age() -> None:
    simulated = discs(20)
    shifted = replace(simulated, oracle=simulated.months + 5)
    for cohort, expected in ((shifted, shifted.oracle), (discs(20, simulated=False), simulated.months)):
        trainee = AgeTrainee(cohort, cohort, SHORT, seed=0)
        labels = torch.cat([batch.label for batch in trainee.batches(0, torch.Generator().manual_seed(0))])
        np.testing.assert_allclose(np.sort(labels.numpy()), np.sort(expected))


def test_children_of_whom_only_the_age_is_known_give_a_finite_loss() -> None:
    cohort = discs(20, simulated=False).without_size()
    trainee = AgeTrainee(cohort, cohort, SHORT, seed=0)
    loss = trainee.loss(next(iter(trainee.batches(0, torch.Generator().manual_seed(0)))), torch.device("cpu"))
    loss.backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(loss)


def test_scores_do_not_depend_on_the_batch() -> None:
    cohort = discs(7)
    net = AgeTrainee(cohort, cohort, SHORT, seed=0).network.net.eval()
    found, one = score(net, cohort, size=64, batch=3), score(net, cohort.take([6]), size=64)
    assert found.logits.shape == (7, 229)
    assert found.months.shape == (7,)
    torch.testing.assert_close(found.logits[6], one.logits[0], rtol=1e-4, atol=1e-4)


def test_pictures_are_resized() -> None:
    images = resized(discs(2).scaled, 32)
    assert images.shape == (2, 1, 32, 32)
    assert 0 <= float(images.min()) <= float(images.max()) <= 1.01


def test_pictures_kept_larger_are_nearly_those_prepared_at_once() -> None:
    child = make_child(3, months=60, longest_side=192)
    kept = np.asarray(row_of(child.pixels, child.spacing, 160)["scaled"])
    at_once = prepare(child.pixels, child.spacing, 96)
    other = prepare(child.pixels, (0.9 * child.spacing[0], 0.9 * child.spacing[1]), 96)
    small = resized(kept[None], 96)[0, 0].numpy()
    assert np.abs(small - at_once.square).mean() < 0.4 * np.abs(small - other.square).mean()


def test_tiers_grow() -> None:
    work = [tier.train * tier.epochs * tier.size**2 for tier in TIERS.values()]
    assert list(TIERS) == ["tiny", "small", "reference", "large"]
    assert work == sorted(work)
    for tier in TIERS.values():
        assert tier.size <= tier.stored


@pytest.mark.parametrize("name", ["reference", "large"])
def test_large_tiers_take_the_size_of_the_specification(name: str) -> None:
    assert TIERS[name].size == 512
    assert TIERS[name].architecture.depth >= 34
