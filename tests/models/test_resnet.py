import warnings

import pytest
import torch
from torch import nn

from models.coordinate_attention import CoordinateAttention
from models.resnet import ResNet


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(
    ("depth", "published", "classifier"),
    # He et al. 2016 as counted in the public ImageNet weights; their last layer has 1,000 classes
    [(18, 11_689_512, 513_000), (34, 21_797_672, 513_000), (50, 25_557_032, 2_049_000)],
)
def test_it_has_the_published_number_of_parameters(depth: int, published: int, classifier: int) -> None:
    assert parameters(ResNet(depth, 3)) == published - classifier
    # one channel saves 2 x 64 x 7 x 7 in the stem
    assert parameters(ResNet(depth, 1)) == published - classifier - 6_272


@pytest.mark.parametrize(("depth", "millions"), [(18, 11.17), (34, 21.28), (50, 23.50)])
def test_it_has_the_size_that_the_specification_states(depth: int, millions: float) -> None:
    assert parameters(ResNet(depth)) / 1e6 == pytest.approx(millions, abs=0.005)


def test_reference_weights_stay_small() -> None:
    # the specification states 6.3 M, and 5.6 M by scaling; 20 MB a file in half precision is 10 M
    assert parameters(ResNet(18, width=0.75)) / 1e6 == pytest.approx(6.29, abs=0.005)
    assert parameters(ResNet(34, width=0.5, attention=True)) / 1e6 == pytest.approx(5.37, abs=0.005)


@pytest.mark.parametrize(("depth", "features"), [(18, 128), (34, 128), (50, 512)])
@pytest.mark.parametrize("attention", [False, True])
def test_the_map_is_a_thirty_second_of_the_picture(depth: int, features: int, attention: bool) -> None:
    net = ResNet(depth, 2, width=0.25, attention=attention).eval()
    assert net.features == features
    with torch.no_grad():
        found = net(torch.randn(1, 2, 64, 96))
    assert found.shape == (1, features, 2, 3)
    assert float(found.min()) >= 0.0


@pytest.mark.parametrize(("depth", "blocks"), [(18, 8), (34, 16), (50, 16)])
def test_attention_is_in_every_block(depth: int, blocks: int) -> None:
    net = ResNet(depth, width=0.25, attention=True)
    assert sum(isinstance(module, CoordinateAttention) for module in net.modules()) == blocks
    assert not any(isinstance(module, CoordinateAttention) for module in ResNet(depth, width=0.25).modules())


@pytest.mark.parametrize("depth", [18, 50])
def test_attention_weighs_the_residual_and_not_the_shortcut(depth: int) -> None:
    torch.manual_seed(0)
    net = ResNet(depth, width=0.25, attention=True).eval()
    block = net.get_submodule("layer1.1")
    x = torch.rand(1, 16 if depth == 18 else 64, 4, 4)
    for name in ("conv_h", "conv_w"):
        convolution = block.get_submodule(f"attention.{name}")
        assert isinstance(convolution, nn.Conv2d)
        nn.init.zeros_(convolution.weight)
        assert convolution.bias is not None
        nn.init.constant_(convolution.bias, -1e4)  # attention 0
    torch.testing.assert_close(block(x), x)


def test_layers_have_the_names_of_the_public_weights() -> None:
    names = set(ResNet(50).state_dict())
    assert {"conv1.weight", "bn1.running_mean", "layer1.0.downsample.0.weight", "layer4.2.bn3.bias"} <= names
    assert len(names) == 318  # the public file's 320 without fc.weight and fc.bias


def test_gradients_reach_the_stem() -> None:
    torch.manual_seed(0)
    net = ResNet(18, width=0.25, attention=True)
    net(torch.randn(2, 1, 64, 64)).mean().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert bool(torch.isfinite(parameter.grad).all()), name
    stem = net.conv1.weight.grad
    assert stem is not None
    assert float(stem.abs().max()) > 0


def test_a_seed_makes_the_network() -> None:
    found = []
    for _ in range(2):
        torch.manual_seed(3)
        net = ResNet(18, width=0.25).eval()
        with torch.no_grad():
            found.append(net(torch.ones(1, 1, 32, 32)))
    assert torch.equal(found[0], found[1])


@pytest.mark.parametrize(("depth", "width"), [(20, 1.0), (18, 0.01)])
def test_a_network_that_is_none_is_refused(depth: int, width: float) -> None:
    with pytest.raises(ValueError, match=r"depth|width"):
        ResNet(depth, width=width)


@pytest.mark.parametrize("depth", [18, 34, 50])
def test_it_agrees_with_another_implementation(depth: int) -> None:
    """MONAI's, in two dimensions, with the stride of the paper."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from monai.networks.nets import resnet
    torch.manual_seed(0)
    make = getattr(resnet, f"resnet{depth}")
    other = make(spatial_dims=2, n_input_channels=1, conv1_t_stride=2, feed_forward=False, bias_downsample=False)
    ours = ResNet(depth)
    ours.load_state_dict(other.state_dict())  # strict: each name and shape is theirs
    x = torch.randn(2, 1, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(x).mean((2, 3)), other.eval()(x), atol=1e-4, rtol=1e-4)
