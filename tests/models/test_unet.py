import pytest
import torch
from torch.nn import functional

from models.unet import UNet3d


def test_it_is_as_small_as_the_specification_states() -> None:
    assert sum(p.numel() for p in UNet3d(8).parameters()) / 1e6 == pytest.approx(2.06, abs=0.005)


def test_every_voxel_gets_a_logit_of_each_class() -> None:
    net = UNet3d(4, in_channels=2, widths=(4, 8, 8)).eval()
    with torch.no_grad():
        assert net(torch.randn(2, 2, 8, 12, 16)).shape == (2, 4, 8, 12, 16)


def test_the_shipped_depth_takes_multiples_of_sixteen() -> None:
    net = UNet3d(3).eval()
    assert net.multiple == 16
    with torch.no_grad():
        assert net(torch.randn(1, 1, 32, 16, 32)).shape == (1, 3, 32, 16, 32)
        with pytest.raises(ValueError, match="multiple of 16"):
            net(torch.randn(1, 1, 32, 24, 32))


def test_one_resolution_is_no_u() -> None:
    with pytest.raises(ValueError, match="widths"):
        UNet3d(2, widths=(8,))


def test_a_shift_in_intensity_and_contrast_changes_nothing_inside() -> None:
    """Instance norm: an unusual window of grey values is no unusual volume."""
    torch.manual_seed(0)
    net = UNet3d(2, widths=(4, 8)).eval()
    x = torch.randn(1, 1, 12, 12, 12)
    with torch.no_grad():
        torch.testing.assert_close(net(x * 3.0), net(x), atol=1e-3, rtol=1e-3)


def test_it_learns_a_ball() -> None:
    torch.manual_seed(0)
    net = UNet3d(2, widths=(4, 8, 8))
    optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
    along = torch.arange(16) - 7.5
    radius = (along[:, None, None].square() + along[None, :, None].square() + along[None, None, :].square()).sqrt()
    ball = (radius < 5).long()[None]
    volume = ball[:, None].float() + 0.5 * torch.randn(1, 1, 16, 16, 16)
    for _ in range(40):
        optimiser.zero_grad()
        functional.cross_entropy(net(volume), ball).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        found = net(volume).argmax(1)
    dice = 2 * int((found * ball).sum()) / int(found.sum() + ball.sum())
    assert dice > 0.95
