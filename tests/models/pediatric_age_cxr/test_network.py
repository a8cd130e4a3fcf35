import pytest
import torch

from models.ages import BINS, expectation
from models.cam import class_activation
from models.coordinate_attention import CoordinateAttention
from models.pediatric_age_cxr.network import LARGE, REFERENCE, SMALL, AgeNet, Architecture, age_direction
from models.pediatric_age_cxr.preprocess import Sex, scalars
from models.resnet import BasicBlock, Bottleneck

TINY = Architecture(depth=18, width=0.125)


def told(count: int = 2) -> torch.Tensor:
    sexes: list[Sex | None] = ["M", None]
    return scalars(sexes[:count], [True, False][:count], [0.1, 0.0][:count])


@pytest.mark.parametrize(
    ("architecture", "features", "millions"), [(SMALL, 256, 2.90), (REFERENCE, 256, 5.45), (LARGE, 2048, 26.03)]
)
def test_size_of_the_networks(architecture: Architecture, features: int, millions: float) -> None:
    net = AgeNet(architecture)
    assert net.features == features
    assert sum(p.numel() for p in net.parameters()) == pytest.approx(millions * 1e6, rel=0.01)


def test_shapes() -> None:
    net = AgeNet(SMALL).eval()
    output = net(torch.randn(2, 1, 96, 96), told())
    assert output.logits.shape == (2, BINS)
    assert output.features.shape == output.gain.shape == (2, 256)
    assert output.map.shape == (2, 256, 3, 3)
    assert float(output.features.detach().min()) >= 0


@pytest.mark.parametrize("architecture", [SMALL, LARGE])
def test_every_block_has_coordinate_attention(architecture: Architecture) -> None:
    blocks = [module for module in AgeNet(architecture).modules() if isinstance(module, BasicBlock | Bottleneck)]
    assert len(blocks) == (8 if architecture is SMALL else 16)
    assert all(isinstance(block.attention, CoordinateAttention) for block in blocks)


def test_what_is_told_reaches_the_answer_and_the_gradient() -> None:
    torch.manual_seed(0)
    net = AgeNet(TINY).eval()
    x = torch.randn(1, 1, 64, 64)
    sexes: list[Sex | None] = ["M", "F", None]
    boy, girl, unknown = (net(x, scalars([sex], [True], [0.0])).logits for sex in sexes)
    assert not torch.equal(boy, girl)
    assert not torch.equal(boy, unknown)
    net(x, told(1)).logits.square().sum().backward()  # the condition begins at zero and must be able to leave it
    gradients = [parameter.grad for parameter in net.condition.parameters()]
    assert gradients[2] is not None
    assert float(gradients[2].abs().max()) > 0


def test_the_direction_is_the_derivative_of_the_age() -> None:
    torch.manual_seed(0)
    net = AgeNet(TINY).eval()
    torch.nn.init.normal_(net.condition[2].weight, std=0.3)  # type: ignore[arg-type]
    x, scalar = torch.randn(2, 1, 64, 64), told()
    output = net(x, scalar)
    direction = age_direction(output, net.head)

    def age(features: torch.Tensor) -> torch.Tensor:
        turn, shift = net.condition(scalar).chunk(2, 1)
        return expectation(net.head(torch.cat([features * (1 + turn) + shift, scalar], 1)))

    features = output.features.detach().requires_grad_()
    age(features).sum().backward()  # type: ignore[no-untyped-call]
    assert features.grad is not None
    torch.testing.assert_close(direction, features.grad, rtol=1e-3, atol=1e-4)
    # the map's mean is what the features contribute
    drawn = class_activation(output.map[0], direction[0])
    torch.testing.assert_close(drawn.mean(), (output.features[0] * direction[0]).sum(), rtol=1e-3, atol=1e-4)
