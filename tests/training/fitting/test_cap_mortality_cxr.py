from itertools import islice

import numpy as np
import pytest
import torch

from training.cohorts.chest import ChestCohort, make_cohort
from training.fitting.cap_mortality_cxr import TIERS, Tier, as_images, fit, indices, score
from training.request import silent

SHORT = Tier(train=48, validation=8, test=8, external=8, size=64, stored=64, stages=((64, 320),), batch=16)


@pytest.fixture(scope="module")
def cohort() -> ChestCohort:
    return make_cohort("train", 48, size=64)


@pytest.mark.slow
def test_a_short_training_lowers_the_loss_and_repeats(cohort: ChestCohort) -> None:
    net, history = fit(cohort, SHORT, seed=0, device="cpu", progress=silent)
    assert history[-1] < 0.75 * history[0]
    again, _ = fit(cohort, SHORT, seed=0, device="cpu", progress=silent)
    for first, second in zip(net.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(first, second)
    logits, features = score(net, cohort, size=64, batch=20)
    assert logits.shape == (48,)
    assert features.shape == (48, 1024)
    assert np.corrcoef(logits.numpy(), cohort.lp)[0, 1] > 0.2


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
