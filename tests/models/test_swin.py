import warnings

import pytest
import torch
from torch import Tensor, nn

from models.swin import HALF, TINY, Block, Merging, Swin


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def test_it_has_the_published_number_of_parameters() -> None:
    # 28,288,354 in the public ImageNet weights of Swin-T, less 768 x 1,000 + 1,000 for the classifier
    assert parameters(Swin(3, TINY)) == 28_288_354 - 769_000
    # the half-width variant of the specification: 7 M, 14 MB in half precision
    assert parameters(Swin(3, HALF)) / 1e6 == pytest.approx(7, abs=0.1)


@pytest.mark.parametrize("size", [(64, 64), (96, 160), (61, 90)])
def test_the_map_is_a_thirty_second_of_the_picture(size: tuple[int, int]) -> None:
    net = Swin(2, 12).eval()
    with torch.no_grad():
        found = net(torch.randn(1, 2, *size))
    assert net.features == 96
    assert found.shape == (1, 96, -(-size[0] // 32), -(-size[1] // 32))
    torch.testing.assert_close(found.mean(1), torch.zeros_like(found[:, 0]), atol=1e-5, rtol=0)


def test_layers_have_the_names_of_the_public_weights() -> None:
    names = set(Swin(3, 12).state_dict())
    assert {
        "patch_embed.proj.weight",
        "patch_embed.norm.bias",
        "layers.0.blocks.1.attn.relative_position_bias_table",
        "layers.2.blocks.5.mlp.fc2.weight",
        "layers.2.downsample.reduction.weight",
        "norm.weight",
    } <= names
    assert not any(name.startswith("layers.3.downsample") for name in names)


def by_the_book(block: Block, x: Tensor) -> Tensor:
    """A block's attention for each pair of tokens, without windows, shifts or padding."""
    rows, columns = (index.flatten() for index in torch.meshgrid(*map(torch.arange, x.shape[1:3]), indexing="ij"))
    shifts = [3 if block.shifted and side > 7 else 0 for side in x.shape[1:3]]
    windows = torch.stack(
        [(rows - shifts[0]).div(7, rounding_mode="floor"), (columns - shifts[1]).div(7, rounding_mode="floor")]
    )
    together = (windows[:, :, None] == windows[:, None, :]).all(0)
    down = (rows[:, None] - rows[None, :]).clamp(-6, 6) + 6
    across = (columns[:, None] - columns[None, :]).clamp(-6, 6) + 6
    bias = block.attn.relative_position_bias_table[down * 13 + across]  # (tokens, tokens, heads)
    tokens = block.norm1(x).flatten(1, 2)
    parts = []
    for head, (q, k, v) in enumerate(
        zip(*(part.chunk(block.attn.heads, -1) for part in block.attn.qkv(tokens).chunk(3, -1)), strict=True)
    ):
        scores = q @ k.transpose(1, 2) / q.shape[2] ** 0.5 + bias[..., head]
        parts.append(scores.masked_fill(~together, -torch.inf).softmax(-1) @ v)
    y = x + block.attn.proj(torch.cat(parts, -1)).reshape(x.shape)
    found: Tensor = y + block.mlp(block.norm2(y))
    return found


def a_block(*, shifted: bool) -> Block:
    torch.manual_seed(0)
    block = Block(6, 2, shifted=shifted, drop=0.0).eval()
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.7)
    return block


@pytest.mark.parametrize("shifted", [False, True])
@pytest.mark.parametrize("size", [(14, 14), (7, 14), (9, 16), (7, 20), (5, 5), (6, 15), (24, 8)])
def test_windows_shifts_and_padding_are_attention_among_neighbours(shifted: bool, size: tuple[int, int]) -> None:
    block = a_block(shifted=shifted)
    x = torch.randn(2, *size, 6)
    with torch.no_grad():
        torch.testing.assert_close(block(x), by_the_book(block, x), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("shifted", [False, True])
@pytest.mark.parametrize("size", [(14, 21), (28, 14)])
def test_a_block_agrees_with_another_implementation(shifted: bool, size: tuple[int, int]) -> None:
    """MONAI's, in two dimensions; its names of the MLP's layers are others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from monai.networks.nets import swin_unetr
    ours = a_block(shifted=shifted)
    shift = (3, 3) if shifted else (0, 0)
    other = swin_unetr.SwinTransformerBlock(6, 2, window_size=(7, 7), shift_size=shift).eval()
    weights = {name.replace("fc", "linear"): value for name, value in ours.state_dict().items()}
    missing, unexpected = other.load_state_dict(weights, strict=False)
    assert (missing, unexpected) == (["attn.relative_position_index"], [])
    x = torch.randn(2, *size, 6)
    mask = swin_unetr.compute_mask(size, (7, 7), (3, 3), x.device)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        torch.testing.assert_close(ours(x), other(x, mask), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("size", [(8, 6), (7, 5)])
def test_merging_agrees_with_another_implementation(size: tuple[int, int]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from monai.networks.nets import swin_unetr
    torch.manual_seed(0)
    ours = Merging(6)
    other = swin_unetr.PatchMergingV2(6, spatial_dims=2)
    other.load_state_dict(ours.state_dict())
    x = torch.randn(2, *size, 6)
    torch.testing.assert_close(ours(x), other(x))


def test_stochastic_depth_drops_whole_residuals_in_training_alone() -> None:
    torch.manual_seed(0)
    block = Block(6, 2, shifted=False, drop=0.5)
    x = torch.randn(64, 7, 7, 6)
    unmoved = (block(x) - x).abs().amax((1, 2, 3)) == 0
    assert 4 <= int(unmoved.sum()) <= 30  # a quarter: both residuals dropped
    block.eval()
    assert torch.equal(block(x), block(x))


def test_gradients_reach_every_layer() -> None:
    torch.manual_seed(0)
    net = Swin(1, 12, drop=0.0)
    net(torch.randn(2, 1, 64, 64)).mean((2, 3)).square().sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert bool(torch.isfinite(parameter.grad).all()), name


@pytest.mark.parametrize(("width", "drop"), [(50, 0.1), (0, 0.1), (48, 1.0)])
def test_a_network_that_is_none_is_refused(width: int, drop: float) -> None:
    with pytest.raises(ValueError, match=r"width|drop"):
        Swin(1, width, drop=drop)
