import pytest
import torch

from models.ssc_ild_mortality_ct.network import BACKBONES, YEARS, MortalityNet, with_neighbours

WIDTH = {"resnet18": 0.25, "densenet121": 1.0, "swin": 0.5}


@pytest.mark.parametrize("backbone", list(BACKBONES))
def test_risks_never_fall_with_the_year(backbone: str) -> None:
    torch.manual_seed(0)
    net = MortalityNet(backbone, width=WIDTH[backbone]).eval()
    with torch.no_grad():
        output = net(torch.rand(3, 4, 64, 64))
    assert output.logits.shape == (3, YEARS)
    assert (output.logits.diff(dim=1) >= 0).all()
    assert output.features.shape == (3, net.features)
    assert output.slices.shape == (3, 4, net.features)
    torch.testing.assert_close(output.weights.sum(1), torch.ones(3))


@pytest.mark.parametrize(
    ("backbone", "width", "millions"),
    [("resnet18", 1.0, 11.3), ("resnet18", 0.5, 2.87), ("densenet121", 1.0, 7.22), ("swin", 0.5, 7.04)],
)
def test_parameters(backbone: str, width: float, millions: float) -> None:
    net = MortalityNet(backbone, width=width)
    assert sum(p.numel() for p in net.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)


def test_a_slice_that_is_not_there_has_no_weight() -> None:
    torch.manual_seed(0)
    net = MortalityNet(width=0.25).eval()
    x, present = torch.rand(1, 4, 32, 32), torch.tensor([[True, True, True, False]])
    with torch.no_grad():
        assert net(x, present).weights[0, 3] == 0


def test_neighbours_are_below_and_above() -> None:
    x = torch.arange(4.0).reshape(1, 4, 1, 1)
    assert with_neighbours(x)[0, :, :, 0, 0].tolist() == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 3]]


@pytest.mark.parametrize(("backbone", "width"), [("resnet50", 1.0), ("densenet121", 0.5), ("swin", 0.01)])
def test_what_there_is_not(backbone: str, width: float) -> None:
    with pytest.raises(ValueError, match=r"must be|one width"):
        MortalityNet(backbone, width=width)
