import pytest
import torch
from torch import nn

from models.heatmaps import decode, render
from models.hrnet import Exchange, HRNet, KeypointHRNet


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(("width", "millions"), [(32, 28.5), (48, 63.6)])
def test_it_has_the_published_number_of_parameters(width: int, millions: float) -> None:
    # Sun et al. 2019, table 1: 17 points of COCO, three channels
    assert parameters(KeypointHRNet(17, width, 3)) / 1e6 == pytest.approx(millions, abs=0.05)


def test_it_has_the_size_that_the_specification_states() -> None:
    assert parameters(HRNet(32)) / 1e6 == pytest.approx(29.3, abs=0.05)
    # 9.3 M, 18.5 MB in half precision
    assert parameters(KeypointHRNet(5, 18)) / 1e6 == pytest.approx(9.3, abs=0.05)


def test_maps_of_four_resolutions() -> None:
    net = HRNet(8, 2).eval()
    with torch.no_grad():
        found = net.maps(torch.randn(2, 2, 64, 96))
    assert [tuple(x.shape) for x in found] == [(2, 8, 16, 24), (2, 16, 8, 12), (2, 32, 4, 6), (2, 64, 2, 3)]
    assert all(float(x.min()) >= 0 for x in found)


@pytest.mark.parametrize("size", [(64, 64), (72, 104), (67, 90)])
def test_a_heatmap_for_each_point_at_a_quarter(size: tuple[int, int]) -> None:
    net = KeypointHRNet(5, 8).eval()
    with torch.no_grad():
        found = net(torch.randn(1, 1, *size))
    assert found.shape == (1, 5, -(-size[0] // 4), -(-size[1] // 4))


def test_one_output_is_the_finest_of_four() -> None:
    torch.manual_seed(0)
    four = HRNet(8).eval()
    one = HRNet(8, outputs=1).eval()
    wanted = one.state_dict()
    one.load_state_dict({name: value for name, value in four.state_dict().items() if name in wanted})
    x = torch.randn(1, 1, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(one(x), four.maps(x)[0])
        assert len(one.maps(x)) == 1
    assert parameters(one) < parameters(four)


def test_an_exchange_gives_every_branch_the_sum_of_all() -> None:
    torch.manual_seed(0)
    exchange = Exchange((4, 8), 2).eval()
    fine, coarse = torch.randn(1, 4, 8, 8), torch.randn(1, 8, 4, 4)
    with torch.no_grad():
        found = exchange([fine, coarse])
        fine, coarse = exchange.branches([fine, coarse])
        up = exchange.get_submodule("fuse_layers.0.1")(coarse).repeat_interleave(2, 2).repeat_interleave(2, 3)
        down = exchange.get_submodule("fuse_layers.1.0")(fine)
    torch.testing.assert_close(found[0], torch.relu(fine + up))
    torch.testing.assert_close(found[1], torch.relu(down + coarse))


def test_layers_have_the_names_of_the_public_weights() -> None:
    names = set(KeypointHRNet(17, 32, 3).state_dict())
    assert {
        "conv2.weight",
        "layer1.0.downsample.0.weight",
        "transition1.0.0.weight",
        "transition1.1.0.0.weight",
        "transition2.2.0.0.weight",
        "transition3.3.0.1.bias",
        "stage2.0.branches.1.3.conv2.weight",
        "stage3.3.fuse_layers.0.2.0.weight",
        "stage3.0.fuse_layers.2.0.0.0.weight",
        "stage3.0.fuse_layers.2.0.1.1.running_var",
        "stage4.2.fuse_layers.0.3.1.weight",
        "final_layer.weight",
    } <= names
    assert not any(name.startswith("stage4.2.fuse_layers.1") for name in names)


def test_gradients_reach_every_layer() -> None:
    torch.manual_seed(0)
    net = KeypointHRNet(5, 8)
    net(torch.randn(2, 1, 64, 64)).square().mean().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert bool(torch.isfinite(parameter.grad).all()), name


def test_a_seed_makes_the_network() -> None:
    found = []
    for _ in range(2):
        torch.manual_seed(3)
        net = KeypointHRNet(2, 4).eval()
        with torch.no_grad():
            found.append(net(torch.ones(1, 1, 32, 32)))
    assert torch.equal(found[0], found[1])


@pytest.mark.parametrize(("width", "outputs"), [(0, 1), (8, 0), (8, 5)])
def test_a_network_that_is_none_is_refused(width: int, outputs: int) -> None:
    with pytest.raises(ValueError, match="width"):
        HRNet(width, outputs=outputs)


def test_it_learns_where_a_bright_spot_is() -> None:
    torch.manual_seed(0)
    net = KeypointHRNet(1, 4)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)
    points = 8 + 32 * torch.rand(8, 1, 2)
    pictures = render(points, (48, 48), stride=1, sigma=3.0)
    wanted = render(points, (12, 12), sigma=1.5)
    for _ in range(18):
        optimiser.zero_grad()
        (net(pictures) - wanted).square().mean().backward()
        optimiser.step()
    with torch.no_grad():
        found = decode(net(pictures)).points
    assert float((found - points).norm(dim=2).median()) < 4
