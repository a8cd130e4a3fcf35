from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.ssc_ild_mortality_ct.network import MortalityNet
from tests.training.ild import make_cohort
from training.cohorts.ssc_ild_mortality_ct import IldCohort
from training.evaluation.concordance import harrell_c
from training.fitting.ssc_ild_mortality_ct import (
    TIERS,
    Backbone,
    IldTrainee,
    Teacher,
    Tier,
    as_slices,
    changed,
    fit_network,
    known_mse,
    score,
    targets,
    weighted_bce,
)

SMALL = Backbone(name="resnet18", width=0.125)
SHORT = Tier(
    train=1, validation=1, test=1, external=1, size=32, slices=2, epochs=((32, 1),) * 4, backbones=(SMALL,), batch=16,
    peak_rate=3e-3,
)  # fmt: skip


@pytest.mark.parametrize("real", [False, True])
def test_a_short_training_learns_from_risks_and_from_outcomes(real: bool) -> None:
    net, history = fit_network(make_cohort(240, real=real), make_cohort(40, seed=1, real=real), SHORT, SMALL, seed=0)
    assert history.losses[-1] < history.losses[0]
    unseen = make_cohort(200, seed=2)
    logits = score(net, unseen, size=32).logits
    assert (np.diff(logits, axis=1) >= 0).all()
    learned = harrell_c(unseen.time, unseen.event, logits[:, 4]).c
    oracle = harrell_c(unseen.time, unseen.event, unseen.lp).c
    assert learned - 0.5 > 0.8 * (oracle - 0.5)


def test_shuffled_labels_teach_nothing() -> None:
    """A risk that does not hang on the picture is best told by its mean."""

    def fooled(cohort: IldCohort) -> IldCohort:
        mixed = cohort.take(np.random.default_rng(5).permutation(len(cohort)))
        return replace(cohort, risk=mixed.risk, signs=mixed.signs)

    train, watched = make_cohort(160), make_cohort(160, seed=1)
    target = torch.from_numpy(watched.risk)
    even = float(weighted_bce(torch.logit(target.mean(0)).expand_as(target), target, torch.ones_like(target)))
    _, blind = fit_network(fooled(train), fooled(watched), SHORT, SMALL, seed=0)
    _, seeing = fit_network(train, watched, SHORT, SMALL, seed=0)
    assert min(blind.validation) > 0.995 * even
    assert min(seeing.validation) < 0.97 * even


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    cohort, watched = make_cohort(48), make_cohort(16, seed=1)
    first, second = (
        fit_network(cohort, watched, SHORT, SMALL, seed=3, folder=folder)[0] for folder in (None, tmp_path)
    )
    for one, other in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(one, other)
    assert (tmp_path / "train-resnet18.csv").is_file()


def test_an_epoch_shows_each_scan_once_and_every_second_slice() -> None:
    cohort = make_cohort(32, slices=4)
    tier = Tier(**{**vars(SHORT), "epochs": ((16, 2),), "slices": 4})
    target, weight = targets(cohort)
    trainee = IldTrainee(
        network=Teacher(MortalityNet("resnet18", width=0.125)), cohort=cohort, validation=cohort, tier=tier,
        target=target, weight=weight,
    )  # fmt: skip
    batches = list(trainee.batches(0, torch.Generator().manual_seed(0)))
    assert len(batches) == trainee.steps == 2
    assert batches[0].slices.shape == (16, 2, 3, 16, 16)
    assert batches[0].patterns.shape == (16, 2, 3)
    seen = torch.cat([batch.target for batch in batches])
    assert sorted(seen[:, 4].tolist()) == pytest.approx(sorted(cohort.risk[:, 4].tolist()))


def test_what_is_not_known_does_not_count() -> None:
    logits = torch.tensor([[0.0, 5.0]])
    target, weight = torch.tensor([[1.0, 0.0]]), torch.tensor([[2.0, 0.0]])
    assert float(weighted_bce(logits, target, weight)) == pytest.approx(np.log(2))
    assert float(known_mse(torch.tensor([1.0, 5.0]), torch.tensor([3.0, float("nan")]))) == 4
    assert float(known_mse(torch.tensor([1.0]), torch.tensor([float("nan")]))) == 0


def test_a_sites_targets_are_its_outcomes() -> None:
    cohort = make_cohort(50, real=True)
    happened, weight = targets(cohort)
    assert set(np.unique(happened)) == {0.0, 1.0}
    assert (weight >= 0).all()
    assert not cohort.known


def test_pictures_change_a_little_and_together() -> None:
    x = torch.zeros(2, 3, 32, 32)
    x[:, :, 8:24, 8:24] = 0.5
    y = changed(x, torch.Generator().manual_seed(0))
    assert y.shape == x.shape
    assert 0 <= float(y.min()) <= float(y.max()) <= 1
    torch.testing.assert_close(y[:, 0], y[:, 2])
    assert not torch.allclose(y, x)
    assert float((y - x).abs().mean()) < 0.1


def test_slices_are_resized() -> None:
    images = np.full((2, 3, 20, 20), 255, np.uint8)
    assert as_slices(images, 10).shape == (2, 3, 10, 10)
    torch.testing.assert_close(as_slices(images, 20), torch.ones(2, 3, 20, 20))


def test_tiers_grow() -> None:
    work = [
        tier.train * sum(side**2 * tier.slices / every for side, every in tier.epochs)
        for tier in (TIERS["tiny"], TIERS["small"], TIERS["reference"])
    ]
    assert work == sorted(work)
    assert [backbone.name for backbone in TIERS["reference"].backbones] == ["resnet18", "densenet121", "swin"]
    for tier in TIERS.values():
        assert max(side for side, _ in tier.epochs) == tier.size
