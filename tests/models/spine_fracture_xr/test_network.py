import numpy as np
import pytest
import torch

from models.spine_fracture_xr.clinical import ITEMS
from models.spine_fracture_xr.network import (
    FEATURES,
    FULL,
    IMAGE,
    ClinicalNet,
    FractureNet,
    HazardArm,
    PictureEncoder,
    arms,
)


@pytest.fixture(scope="module")
def net() -> FractureNet:
    torch.manual_seed(0)
    return FractureNet(width=0.25).eval().requires_grad_(False)


def items(count: int) -> torch.Tensor:
    return torch.tensor([[60.0, 1, 24, 0, 1, 0, 0]]).repeat(count, 1) + torch.arange(count)[:, None]


def test_every_arm_gives_one_log_hazard(net: FractureNet) -> None:
    found = net(torch.randn(3, 1, 64, 64), items(3))
    assert set(found) == {
        "image", "deepsurv_image", "deepsurv_m1", "deepsurv_m2", "deepsurv_m3", "deepsurv_image_m1",
        "deepsurv_image_m2", "deepsurv_image_m3",
    }  # fmt: skip
    assert all(hazard.shape == (3,) and hazard.dtype == torch.float32 for hazard in found.values())


def test_parameters_of_the_specification() -> None:
    """ResNet-18 of width 1 has 11.17 M in one channel; 128 features; clinical 14 -> 32 -> 16; fusion 144 -> 64 -> 1."""
    trunk = sum(p.numel() for p in PictureEncoder(width=1.0).trunk.parameters())
    assert trunk == pytest.approx(11.17e6, rel=2e-3)
    assert sum(p.numel() for p in ClinicalNet().parameters()) == 14 * 32 + 32 + 32 * 16 + 16
    arm = HazardArm(picture=True, arm="all")
    assert sum(p.numel() for p in arm.fuse.parameters()) == (128 + 16) * 64 + 64 + 64 + 1
    # with HRNet-W18 of 18.5 MB the shipped weights stay below 22 MB
    assert sum(p.numel() for p in FractureNet(width=0.375).parameters()) * 2 < 3.5e6


def test_a_stack_is_weighed_by_level() -> None:
    encoder = PictureEncoder(width=0.25, layout="stack").eval()
    seen = encoder(torch.randn(2, 5, 48, 48))
    assert seen.features.shape == (2, FEATURES)
    assert seen.weights.sum(1).tolist() == pytest.approx([1, 1])
    with pytest.raises(ValueError, match=r"\(N, 5, H, W\)"):
        encoder(torch.randn(2, 1, 48, 48))


def test_a_canvas_has_no_attention(net: FractureNet) -> None:
    assert torch.isnan(net.encoder(torch.randn(1, 1, 64, 64)).weights).all()
    with pytest.raises(ValueError, match=r"\(N, 1, H, W\)"):
        net.encoder(torch.randn(1, 5, 64, 64))


def test_each_arm_sees_its_own_items_and_no_other(net: FractureNet) -> None:
    features = torch.rand(1, FEATURES)
    plain = net.hazards(features, items(1))
    for k, item in enumerate(ITEMS):
        changed = items(1)
        changed[0, k] += 3
        found = net.hazards(features, changed)
        for name, (_, arm) in arms().items():
            sees = arm is not None and (arm == "all" or bool(net.arms[name].get_buffer("mask")[k]))
            assert (abs(float(found[name] - plain[name])) > 1e-7) == sees, (item, name)
    other = net.hazards(torch.rand(1, FEATURES), items(1))
    for name, (picture, _) in arms().items():
        assert (float(other[name]) != float(plain[name])) == picture, name


def test_not_known_is_neither_nan_nor_the_mean(net: FractureNet) -> None:
    unknown = torch.full((1, 7), torch.nan)
    average = torch.tensor([[60.5, 0.75, 24.1, 0.0, 0.5, 0.05, 0.035]])
    features = torch.zeros(1, FEATURES)
    missing, mean = (float(net.hazards(features, x)[FULL]) for x in (unknown, average))
    assert np.isfinite(missing)
    assert missing != mean
    assert float(net.hazards(features, unknown)[IMAGE]) == float(net.hazards(features, average)[IMAGE])


def test_an_arm_must_see_something() -> None:
    with pytest.raises(ValueError, match="must see"):
        HazardArm(picture=False, arm=None)
