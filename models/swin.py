"""Swin Transformer (Liu et al. 2021) in plain torch, for pictures of any size.

Names of layers are those of the public weights (`layers.0.blocks.1.attn.qkv`, `layers.0.downsample.reduction`).
Where a map does not fill its windows it is padded, and what is padded is never attended to.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

WINDOW = 7  # tokens along each side of a window
PATCH = 4  # source pixels along each side of a token
DEPTHS = (2, 2, 6, 2)  # Swin-T, table 7
HEADS = (3, 6, 12, 24)  # Swin-T, table 7
MLP = 4  # width of the hidden layer in units of the tokens'
TINY = 96  # channels of the first stage of Swin-T
HALF = 48  # those of the reference weights: a quarter of the parameters; assumption
STRIDE = 32  # source pixels for each pixel of the last map


def _offsets() -> Tensor:
    """(49, 49) row of the bias table for each pair of tokens of a window."""
    steps = torch.arange(WINDOW)
    rows, columns = torch.meshgrid(steps, steps, indexing="ij")
    rows, columns = rows.flatten(), columns.flatten()
    down = rows[:, None] - rows[None, :] + WINDOW - 1
    across = columns[:, None] - columns[None, :] + WINDOW - 1
    return down * (2 * WINDOW - 1) + across


def _windows(x: Tensor) -> Tensor:
    """(N, H, W, C) -> (N, windows, 49, C); H and W are multiples of 7."""
    n, h, w, c = x.shape
    x = x.reshape(n, h // WINDOW, WINDOW, w // WINDOW, WINDOW, c)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(n, -1, WINDOW * WINDOW, c)


def _joined(x: Tensor, height: int, width: int) -> Tensor:
    """What `_windows` took apart: (N, windows, 49, C) -> (N, height, width, C)."""
    n, c = x.shape[0], x.shape[3]
    x = x.reshape(n, height // WINDOW, width // WINDOW, WINDOW, WINDOW, c)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(n, height, width, c)


def _regions(real: int, padded: int, shift: int, device: torch.device) -> Tensor:
    """Along one axis, after the shift: tokens of different numbers are no neighbours in the picture."""
    place = torch.arange(padded, device=device).roll(-shift)
    wrapped = torch.arange(padded, device=device) >= padded - shift
    return wrapped.long() + 2 * (place >= real).long()


class Attention(nn.Module):
    """Self-attention within windows, with a learned bias for each relative position."""

    offsets: Tensor

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * WINDOW - 1) ** 2, heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        self.register_buffer("offsets", _offsets(), persistent=False)

    def forward(self, x: Tensor, apart: Tensor | None) -> Tensor:
        """(N, windows, 49, C), and which pairs do not see each other, (windows, 49, 49) bool -> (N, windows, 49, C)."""
        n, windows, tokens, width = x.shape
        qkv = self.qkv(x).reshape(n, windows, tokens, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(3, 0, 1, 4, 2, 5)
        scores = (q * (width // self.heads) ** -0.5) @ k.transpose(-2, -1)
        scores = scores + self.relative_position_bias_table[self.offsets].permute(2, 0, 1)
        if apart is not None:
            scores = scores.masked_fill(apart[:, None], -torch.inf)
        mixed = (scores.softmax(-1) @ v).transpose(2, 3).reshape(n, windows, tokens, width)
        found: Tensor = self.proj(mixed)
        return found


class Mlp(nn.Module):
    """Two linear layers around a GELU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, MLP * width)
        self.fc2 = nn.Linear(MLP * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> (..., C)."""
        found: Tensor = self.fc2(functional.gelu(self.fc1(x)))
        return found


class Block(nn.Module):
    """Windowed attention and an MLP, each around a shortcut; every second block's windows are shifted by half."""

    def __init__(self, width: int, heads: int, *, shifted: bool, drop: float) -> None:
        super().__init__()
        self.shifted = shifted
        self.drop = drop
        self.norm1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width)

    def _dropped(self, x: Tensor) -> Tensor:
        """Stochastic depth (Huang et al. 2016): in training, leave a picture's residual out at random."""
        if not self.training or self.drop == 0:
            return x
        kept = torch.rand(x.shape[0], 1, 1, 1, device=x.device) >= self.drop
        return x * kept / (1 - self.drop)

    def _attended(self, x: Tensor) -> Tensor:
        height, width = x.shape[1:3]
        down, right = -height % WINDOW, -width % WINDOW
        tall, wide = height + down, width + right
        x = functional.pad(x, (0, 0, 0, right, 0, down))
        # a single window that is shifted would only be cut in two
        shifts = [WINDOW // 2 if self.shifted and side > WINDOW else 0 for side in (tall, wide)]
        apart = None
        if any(shifts) or down or right:
            rows = _regions(height, tall, shifts[0], x.device)
            columns = _regions(width, wide, shifts[1], x.device)
            number = _windows((4 * rows[:, None] + columns[None, :])[None, ..., None])[0, ..., 0]
            apart = number[:, :, None] != number[:, None, :]
        x = torch.roll(x, (-shifts[0], -shifts[1]), (1, 2))
        x = _joined(self.attn(_windows(x), apart), tall, wide)
        return torch.roll(x, (shifts[0], shifts[1]), (1, 2))[:, :height, :width]

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, C) -> (N, H, W, C)."""
        x = x + self._dropped(self._attended(self.norm1(x)))
        return x + self._dropped(self.mlp(self.norm2(x)))


class Merging(nn.Module):
    """Two by two tokens become one of twice the width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, C) -> (N, ceil(H / 2), ceil(W / 2), 2 C)."""
        x = functional.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        corners = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        found: Tensor = self.reduction(self.norm(torch.cat(corners, -1)))
        return found


class Stage(nn.Module):
    """Blocks of one resolution, then the merging to the next."""

    def __init__(self, width: int, heads: int, drops: list[float], *, last: bool) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(Block(width, heads, shifted=i % 2 == 1, drop=drop) for i, drop in enumerate(drops))
        )
        self.downsample = nn.Identity() if last else Merging(width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, C) -> (N, ceil(H / 2), ceil(W / 2), 2 C), or the same shape in the last stage."""
        found: Tensor = self.downsample(self.blocks(x))
        return found


class Tokens(nn.Module):
    """Patches of 4 x 4 pixels become tokens."""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(in_channels, width, PATCH, stride=PATCH)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, ceil(H / 4), ceil(W / 4), C)."""
        x = functional.pad(x, (0, -x.shape[3] % PATCH, 0, -x.shape[2] % PATCH))
        found: Tensor = self.norm(self.proj(x).permute(0, 2, 3, 1))
        return found


class Swin(nn.Module):
    """Swin-T's depths and heads at any width, without pooling and classifier.

    Parameters
    ----------
    in_channels
        Channels of the image; 3 neighbouring slices of a CT.
    width
        Channels of the first stage: `TINY` (the paper's) or `HALF`.
    drop
        Stochastic depth of the last block, rising from 0 in the first (0.2 for Swin-T, appendix A2.1).

    Raises
    ------
    ValueError
        A width that the heads do not divide, or a drop not in 0..1.
    """

    def __init__(self, in_channels: int = 3, width: int = TINY, *, drop: float = 0.2) -> None:
        super().__init__()
        if width < HEADS[0] or width % HEADS[0]:
            raise ValueError(f"width must be a multiple of {HEADS[0]}, got {width}")
        if not 0 <= drop < 1:
            raise ValueError(f"drop must lie in 0..1, got {drop}")
        self.patch_embed = Tokens(in_channels, width)
        rising = torch.linspace(0, drop, sum(DEPTHS)).tolist()
        self.layers = nn.Sequential()
        for number, (depth, heads) in enumerate(zip(DEPTHS, HEADS, strict=True)):
            drops, rising = rising[:depth], rising[depth:]
            self.layers.append(Stage(width * 2**number, heads, drops, last=number == len(DEPTHS) - 1))
        self.features = width * 2 ** (len(DEPTHS) - 1)  #: channels of the last map
        self.norm = nn.LayerNorm(self.features)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, features, H / 32, W / 32), normalised over the channels, either sign.

        Its mean over the map is what the published classifier reads.
        """
        found: Tensor = self.norm(self.layers(self.patch_embed(x)))
        return found.permute(0, 3, 1, 2)
