from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from models.cap_mortality_cxr.network import Output
from training.cohorts.chest import ChestCohort, make_cohort
from training.fitting.cap_mortality_cxr import (
    AUXILIARY_WEIGHT,
    TIERS,
    CapTrainee,
    Tier,
    as_images,
    fit,
    head,
    indices,
    loss_of,
    score,
)

SHORT = Tier(train=48, validation=8, test=8, external=8, size=64, stored=64, stages=((64, 320),), batch=16)


@pytest.fixture(scope="module")
def cohort() -> ChestCohort:
    return make_cohort("train", 48, size=64)


@pytest.mark.slow
def test_a_short_training_lowers_the_loss_and_repeats(cohort: ChestCohort) -> None:
    net, history = fit(cohort, cohort, SHORT, seed=0)
    assert history.losses[-1] < 0.75 * history.losses[0]
    again, _ = fit(cohort, cohort, SHORT, seed=0)
    for first, second in zip(net.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(first, second)
    logits, features = score(net, cohort, size=64, batch=20)
    assert logits.shape == (48,)
    assert features.shape == (48, 1024)
    assert np.corrcoef(logits.numpy(), cohort.lp)[0, 1] > 0.2


def test_what_is_not_known_teaches_nothing(cohort: ChestCohort) -> None:
    torch.manual_seed(0)
    output = Output(torch.randn(4), torch.rand(4, 1024), torch.rand(4, 1024, 2, 2)), torch.randn(4, 9)
    risk, auxiliary = torch.tensor([0.0, 1, 0, 1]), torch.rand(4, 9)
    bare = loss_of(output, risk, torch.full((4, 9), torch.nan))
    assert bare == torch.nn.functional.binary_cross_entropy_with_logits(output[0].logit, risk)
    holes = auxiliary.clone()
    holes[1:] = torch.nan
    one = (Output(output[0].logit, *output[0][1:]), output[1])
    expected = bare + AUXILIARY_WEIGHT * (output[1][0] - auxiliary[0]).square().mean()
    torch.testing.assert_close(loss_of(one, risk, holes), expected)


def test_each_stage_has_its_share_of_steps_and_patients_take_turns(cohort: ChestCohort) -> None:
    tier = replace(SHORT, stages=((32, 96), (64, 64)))
    trainee = CapTrainee(cohort, cohort, tier, seed=5)
    assert trainee.steps == 1
    sizes, seen = [], []
    for epoch in range(10):
        for images, risk, _ in trainee.batches(epoch, torch.Generator().manual_seed(epoch)):
            sizes.append(images.shape[-1])
            seen += risk.tolist()
    assert sizes == [32] * 6 + [64] * 4
    assert sorted(seen[:48]) == pytest.approx(sorted(cohort.risk.tolist()))


def test_each_patient_once_before_any_comes_again() -> None:
    drawn = np.concatenate(list(islice(indices(10, 4, torch.Generator().manual_seed(0)), 5)))
    assert sorted(drawn[:10]) == list(range(10))
    assert sorted(drawn[10:20]) == list(range(10))


def test_pictures_are_resized_to_the_stage(cohort: ChestCohort) -> None:
    images = as_images(cohort, np.array([0, 3]), 32)
    assert images.shape == (2, 1, 32, 32)
    assert 0 <= float(images.min()) <= float(images.max()) <= 1.01


def test_tiers_grow() -> None:
    work = [sum(size**2 * pictures for size, pictures in TIERS[name].stages) for name in ("tiny", "small", "reference")]
    assert work == sorted(work)
    for tier in TIERS.values():
        assert tier.stages[-1][0] == tier.size <= tier.stored


def test_the_head_of_a_cohort_is_its_first_patients(cohort: ChestCohort) -> None:
    first = head(cohort, 2)
    assert first.patients == cohort.patients[:2]
    assert first.images.shape == (2, 64, 64)
    assert len(head(cohort, 100)) == 48
