"""Heads on slices that were encoded once."""

import copy

import numpy as np
import torch

from models.bone_muscle_ct.network import BoneMuscleNet
from tests.training.cohorts.test_bone_muscle_data import cohort
from training.fitting.bone_muscle_ct import predict
from training.fitting.bone_muscle_heads import HeadsTrainee, encode_slices, hazards_of
from training.loop import Plan, fit


def network() -> BoneMuscleNet:
    torch.manual_seed(0)
    return BoneMuscleNet(width=0.25, hidden=8).eval()


def test_encoded_slices_give_what_the_whole_network_gives() -> None:
    net, people = network(), cohort(5)
    slices = encode_slices(net, people, pixel=12.0, bone_only=True, batch=2)
    assert slices.shape == (5, 16, 128)
    whole = predict(net, people, pixel=12.0, bone_only=True)
    np.testing.assert_allclose(hazards_of(net, slices), whole.hazard, atol=1e-5)


def test_the_heads_learn_and_the_encoder_stays() -> None:
    people = cohort(24)
    net = network()
    slices = encode_slices(net, people, pixel=12.0, bone_only=False)
    before = copy.deepcopy(net.state_dict())
    trainee = HeadsTrainee(network=net, slices=slices, cohort=people, batch=8, bone_only=False)
    history = fit(trainee, Plan(epochs=6, peak_rate=5e-3), seed=0)
    assert history.losses[-1] < history.losses[0]
    assert history.best_epoch == 5
    after = net.state_dict()
    same = {name.split(".")[0] for name in before if torch.equal(before[name], after[name])}
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert "encoder" in same - changed
    assert {"pool", "hazard", "level"} <= changed
