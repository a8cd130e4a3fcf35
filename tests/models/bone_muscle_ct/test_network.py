"""Shapes, order of risks, absent slices, size."""

import pytest
import torch

from models.bone_muscle_ct.layout import LEVELS, PLACES, SLICES
from models.bone_muscle_ct.network import BoneMuscleNet


@pytest.fixture(scope="module")
def net() -> BoneMuscleNet:
    torch.manual_seed(0)
    return BoneMuscleNet(width=0.25, hidden=16).eval()


def stacks(count: int = 2) -> torch.Tensor:
    return torch.rand(count, SLICES, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def test_shapes(net: BoneMuscleNet) -> None:
    out = net(stacks())
    assert out.hazard.shape == (2, 5)
    assert out.fracture.shape == (2,)
    assert out.levels.shape == (2, len(LEVELS))
    assert out.auxiliary.shape == (2, len(LEVELS) + 2)
    assert out.features.shape == (2, 32)
    torch.testing.assert_close(out.attention.sum(1), torch.ones(2))


def test_risk_never_falls(net: BoneMuscleNet) -> None:
    assert (net(stacks(8)).hazard.diff(dim=1) >= 0).all()


def test_all_present_is_as_not_said(net: BoneMuscleNet) -> None:
    x = stacks()
    for said, unsaid in zip(net(x, torch.ones(2, SLICES, dtype=torch.bool)), net(x), strict=True):
        torch.testing.assert_close(said, unsaid)


def test_what_is_not_there_does_not_count(net: BoneMuscleNet) -> None:
    x = stacks()
    present = torch.tensor([level != "T12" for level, _ in PLACES]).expand(2, -1)
    other = x.clone()
    other[:, ~present[0]] = 7.0
    first, second = net(x, present), net(other, present)
    torch.testing.assert_close(first.hazard, second.hazard)
    torch.testing.assert_close(first.levels[:, 1:], second.levels[:, 1:])
    assert (first.attention[:, ~present[0]] == 0).all()


def test_a_level_is_judged_by_its_own_slices(net: BoneMuscleNet) -> None:
    slices = torch.rand(1, SLICES, net.pool.features)
    changed = slices.clone()
    l5 = [k for k, (level, _) in enumerate(PLACES) if level == "L5"]
    changed[:, l5] += 1
    difference = (net._levels(slices, None) - net._levels(changed, None)).abs().sum((0, 2))
    assert difference[LEVELS.index("L5")] > 0
    assert difference[: LEVELS.index("L5")].sum() == 0


@pytest.mark.parametrize(("width", "most"), [(0.25, 1.7), (0.375, 3.5)])
def test_two_sets_and_the_segmentation_fit_in_the_bundle(width: float, most: float) -> None:
    megabytes = sum(value.numel() for value in BoneMuscleNet(width=width).state_dict().values()) * 2 / 1e6
    assert megabytes < most


def test_every_head_learns(net: BoneMuscleNet) -> None:
    out = net(stacks())
    (out.hazard.sum() + out.fracture.sum() + out.levels.sum() + out.auxiliary.sum()).backward()
    missing = [name for name, p in net.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    net.zero_grad(set_to_none=True)
    assert not missing
