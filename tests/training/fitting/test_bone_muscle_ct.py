"""Both stages of the networks: losses, augmentation, and that they learn."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.bone_muscle_ct.network import BoneMuscleNet
from tests.training.cohorts.test_bone_muscle_data import cohort
from training.cohorts.bone_muscle_ct import Fates, simulate
from training.evaluation.concordance import harrell_c
from training.evaluation.discrimination import auc
from training.fitting.bone_muscle_ct import (
    SCALES,
    TIERS,
    BoneMuscleTrainee,
    Task,
    Tier,
    fates_of,
    gather,
    known_mean,
    loss_of,
    predict,
    train,
    vary,
)
from training.loop import Plan

SHORT = Tier(
    train=12, validation=6, test=4, external=4, whole=1, size=16, pixel=12.0, width=0.25, hidden=8, batch=4, fates=2,
    detection=Plan(epochs=1, peak_rate=1e-3), hazard=Plan(epochs=1, peak_rate=1e-3),
)  # fmt: skip


def trainee(task: Task = "both", *, bone_only: bool = False) -> BoneMuscleTrainee:
    torch.manual_seed(0)
    return BoneMuscleTrainee(
        network=BoneMuscleNet(width=0.25, hidden=8), cohort=cohort(10), validation=cohort(6, seed=1), pixel=12.0,
        batch=4, bone_only=bone_only, task=task,
    )  # fmt: skip


def test_a_batch_has_the_rows_labels() -> None:
    people = cohort(6)
    people.trabecular[2, 0] = np.nan
    batch = gather(people, np.array([2, 5]), *fates_of(people, 5, 1.0))
    assert torch.isnan(batch.auxiliary[0, 0])
    assert batch.auxiliary[1, 0] == pytest.approx((people.trabecular[5, 0] - SCALES[0][0]) / SCALES[0][1])
    assert batch.auxiliary[1, 7] == pytest.approx((people.muscle[5, 1] - SCALES[2][0]) / SCALES[2][1])
    assert batch.happened.shape == batch.weight.shape == (2, 2, 5)
    assert batch.bone.shape == (2, 16, 16, 16)


def test_fates_are_weighted_one_set_at_a_time() -> None:
    people = cohort(30)
    happened, weight = fates_of(people, 5, 1.0)
    alone = fates_of(replace(people, time=people.time[:, 1:], event=people.event[:, 1:]), 5, 1.0)
    np.testing.assert_array_equal(happened[:, 1:], alone[0])
    np.testing.assert_array_equal(weight[:, 1:], alone[1])


def test_an_epoch_shows_everyone_once_and_repeats_with_its_seed() -> None:
    one = trainee()
    first = [b.fractured for b in one.batches(0, torch.Generator().manual_seed(3))]
    again = [b.fractured for b in one.batches(0, torch.Generator().manual_seed(3))]
    assert len(first) == one.steps == 2
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_pictures_and_masks_move_together() -> None:
    people = cohort(40)
    batch = gather(people, np.arange(40), *fates_of(people, 5, 1.0))
    marked = batch._replace(bone=batch.pictures > 128, muscle=torch.ones_like(batch.muscle))
    moved = vary(marked, torch.Generator().manual_seed(0))
    assert torch.equal(moved.bone, moved.pictures > 128)
    assert not torch.equal(moved.pictures, marked.pictures)
    assert torch.equal(moved.pictures.flatten(1).sum(1), marked.pictures.flatten(1).sum(1))
    assert torch.equal(moved.broken, marked.broken)


def test_unknown_labels_cost_nothing() -> None:
    logits = torch.tensor([0.0, 3.0, -2.0])
    labels = torch.tensor([1.0, float("nan"), float("nan")])
    assert known_mean(logits, labels) == pytest.approx(np.log(2))
    assert known_mean(logits, labels * float("nan")) == 0


def test_each_task_teaches_its_heads() -> None:
    taught = {}
    for task in ("detection", "both", "hazard"):
        one = trainee(task)
        batch = next(iter(one.batches(0, torch.Generator().manual_seed(0))))
        one.loss(batch, torch.device("cpu")).backward()  # type: ignore[no-untyped-call]
        taught[task] = {name.split(".")[0] for name, p in one.network.named_parameters() if p.grad is not None}
    assert "hazard" not in taught["detection"]
    assert {"fracture", "level", "trabecular", "muscle"} <= taught["detection"] & taught["both"]
    assert {"fracture", "level", "trabecular", "muscle"}.isdisjoint(taught["hazard"])
    assert "hazard" in taught["both"] & taught["hazard"]


def test_muscle_is_no_aim_where_it_is_not_shown() -> None:
    people = cohort(4)
    batch = gather(people, np.arange(4), *fates_of(people, 5, 1.0))
    output = BoneMuscleNet(width=0.25, hidden=8).eval()(torch.rand(4, 16, 3, 16, 16))
    wild = batch._replace(auxiliary=torch.cat([batch.auxiliary[:, :6], batch.auxiliary[:, 6:] + 100], 1))
    alone = [loss_of(output, b, task="detection", bone_only=True).item() for b in (batch, wild)]
    assert alone[0] == alone[1]
    assert loss_of(output, wild, task="detection", bone_only=False) > loss_of(
        output, batch, task="detection", bone_only=False
    )


def test_validation_is_the_main_loss() -> None:
    one = trainee("both")
    one.network.eval()
    with torch.no_grad():
        value = one.validate(torch.device("cpu"))
        batch = gather(one.validation, np.arange(6), *fates_of(one.validation, 5, 1.0))
        other = replace(one, task="hazard")
        assert value == pytest.approx(other.loss(batch, torch.device("cpu")).item(), rel=1e-4)


def test_training_repeats() -> None:
    people, held = cohort(12), cohort(6, seed=1)
    first, losses = train(people, held, SHORT, seed=0, bone_only=False)
    second, again = train(people, held, SHORT, seed=0, bone_only=False)
    assert losses == again
    assert len(losses) == 2
    for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert np.isfinite(predict(first, held, pixel=12.0, bone_only=False, batch=4).hazard).all()


def test_tiers_grow() -> None:
    work = [TIERS[name].train * TIERS[name].size ** 2 for name in ("tiny", "small", "reference")]
    assert work == sorted(work)
    assert all(tier.size % 8 == 0 for tier in TIERS.values())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_tiny_tier_learns_and_shuffled_labels_teach_nothing() -> None:
    """Against the oracle, and against the same training with everyone's labels dealt out anew."""
    tier = TIERS["tiny"]
    people, held, test = (
        simulate(split, count, size=tier.size, pixel=tier.pixel, fates=Fates(each=tier.fates))
        for split, count in (("train", tier.train), ("validation", tier.validation), ("test", tier.test))
    )
    shuffled = people.take(np.random.default_rng(0).permutation(len(people)))
    shuffled = replace(shuffled, pictures=people.pictures, masks=people.masks)

    def judged(learned_from: object) -> tuple[float, float]:
        net, _ = train(learned_from, held, tier, seed=0, bone_only=False)  # type: ignore[arg-type]
        found = predict(net, test, pixel=tier.pixel, bone_only=False)
        time, event = test.time.ravel().astype(np.float64), test.event.ravel()
        c = harrell_c(time, event, np.repeat(found.hazard[:, -1], tier.fates)).c
        return c, auc(found.fracture, test.fractured)

    oracle = harrell_c(
        test.time.ravel().astype(np.float64), test.event.ravel(), np.repeat(test.lp, tier.fates).astype(np.float64)
    ).c
    c, fracture = judged(people)
    chance, blind = judged(shuffled)
    assert (c - 0.5) / (oracle - 0.5) > 0.45
    assert fracture > 0.65
    assert c > chance + 0.05
    assert fracture > blind + 0.1
