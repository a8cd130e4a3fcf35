import torch

from models.cap_mortality_cxr.network import MortalityNet


def test_one_logit_for_each_picture() -> None:
    net = MortalityNet().eval()
    with torch.no_grad():
        output = net(torch.zeros(2, 1, 96, 96))
    assert output.logit.shape == (2,)
    assert output.features.shape == (2, 1024)
    assert output.map.shape == (2, 1024, 3, 3)


def test_the_logit_is_the_mean_of_the_activation_map_plus_the_bias() -> None:
    torch.manual_seed(0)
    net = MortalityNet().eval()
    with torch.no_grad():
        output = net(torch.randn(1, 1, 96, 96))
        activation = torch.einsum("chw,c->hw", output.map[0], net.head.weight[0])
        torch.testing.assert_close(activation.mean() + net.head.bias[0], output.logit[0], rtol=1e-4, atol=1e-4)
