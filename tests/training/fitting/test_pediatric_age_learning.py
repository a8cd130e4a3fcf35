"""The tiny tier learns ages from simulated children: better than guessing, than chance, and no better than can be."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from models.pediatric_age_cxr.network import AgeNet
from training.cohorts.pediatric_age_cxr import AgeCohort, simulate
from training.evaluation.interval import Floats
from training.fitting.pediatric_age_cxr import TIERS, AgeTrainee, score
from training.loop import fit
from training.recipes.pediatric_age_judging import mean_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
TIER = TIERS["tiny"]


class Learned(NamedTuple):
    net: AgeNet
    train: AgeCohort
    test: AgeCohort


def trained(train: AgeCohort, validation: AgeCohort) -> AgeNet:
    trainee = AgeTrainee(train, validation, TIER, seed=0)
    fit(trainee, TIER.plan, seed=0)
    net: AgeNet = trainee.network.net
    return net


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory: pytest.TempPathFactory) -> tuple[AgeCohort, AgeCohort, AgeCohort]:
    kept: Path = tmp_path_factory.mktemp("cohorts")

    def draw(split: str, count: int) -> AgeCohort:
        return simulate(split, count, size=TIER.size, workers=2, cache=kept)

    return draw("train", TIER.train), draw("validation", TIER.validation), draw("test", TIER.test)


@pytest.fixture(scope="module")
def learned(cohorts: tuple[AgeCohort, AgeCohort, AgeCohort]) -> Learned:
    torch.set_num_threads(1)
    train, validation, test = cohorts
    return Learned(trained(train, validation), train, test)


def off(net: AgeNet, cohort: AgeCohort) -> Floats:
    return np.abs(score(net, cohort, size=TIER.size).months - cohort.months)


def test_it_beats_the_median_and_not_the_oracle(learned: Learned) -> None:
    wrong = off(learned.net, learned.test)
    guess = np.abs(learned.test.months - np.median(learned.train.months)).astype(np.float64)
    best = np.abs(learned.test.oracle - learned.test.months).astype(np.float64)
    patients = learned.test.patients
    assert mean_of(wrong, patients).high < 0.5 * mean_of(guess, patients).low
    assert mean_of(wrong - best, patients).high > 0


def test_shuffled_ages_teach_nothing(learned: Learned, cohorts: tuple[AgeCohort, AgeCohort, AgeCohort]) -> None:
    train, validation, test = cohorts
    order = np.random.default_rng(0).permutation(len(train))
    shuffled = replace(train, months=train.months[order], oracle=train.oracle[order], truths=train.truths[order])
    chance = off(trained(shuffled, validation), test)
    guess = np.abs(test.months - np.median(train.months)).astype(np.float64)
    assert mean_of(chance - off(learned.net, test), test.patients).low > 0
    assert chance.mean() > 0.8 * guess.mean()


def test_the_size_of_a_pixel_is_used(learned: Learned) -> None:
    right = learned.test.with_length(learned.test.length)
    order = np.random.default_rng(0).permutation(len(right))
    wrong = learned.test.with_length(learned.test.length[order])
    patients = learned.test.patients
    assert mean_of(off(learned.net, wrong) - off(learned.net, right), patients).low > 10
    # told that the size is not known, it does better than told a wrong one, and worse than told the right one
    loose = off(learned.net, learned.test.without_size())
    assert mean_of(off(learned.net, wrong) - loose, patients).low > 0
    assert mean_of(loose - off(learned.net, right), patients).low > 0
