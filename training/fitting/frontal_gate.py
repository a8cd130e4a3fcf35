"""How the gate that recognises an upright frontal chest is trained: phantoms against everything else we can draw."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from models.framing import Frame, robust_scale
from models.frontal_gate import PERCENTILES, SIZE, FrontalNet
from screening.errors import ConfigurationError
from training.augment import augment
from training.phantoms.chest.lateral import make_lateral
from training.phantoms.other import make_other
from training.request import Progress

RATE = 2e-3
BATCH = 64
LATERAL_SEED, OTHER_SEED = 500_000, 600_000


def refused_pictures(count: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """(2 * count, 64, 64): lateral chests, then pictures of anything else."""
    made = []
    for index in range(2 * count):
        if index < count:
            pixels = make_lateral(LATERAL_SEED + seed * 10_000 + index, longest_side=96).pixels
        else:
            pixels = make_other(OTHER_SEED + seed * 10_000 + index, longest_side=96)
        made.append(_square(pixels))
    return np.stack(made)


def read_frontal(folder: Path) -> npt.NDArray[np.uint8]:
    """(N, 64, 64): the real frontal radiographs (JPEG, PNG; bone bright) of a folder, in the order of their names.

    Raises
    ------
    ConfigurationError
        If there is none.
    """
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not paths:
        raise ConfigurationError(f"frontal: {folder} holds no JPEG or PNG picture")
    pictures = [np.asarray(Image.open(path).convert("L"), np.float32) / np.float32(255) for path in paths]
    return np.stack([_square(pixels) for pixels in pictures])


def _square(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    frame = Frame(rows=pixels.shape[0], columns=pixels.shape[1], size=SIZE)
    return np.round(frame.apply(robust_scale(pixels, *PERCENTILES)) * 255).astype(np.uint8)


def train_gate(
    frontal: npt.NDArray[np.uint8],
    refused: npt.NDArray[np.uint8],
    *,
    steps: int,
    seed: int,
    progress: Progress,
    real: npt.NDArray[np.uint8] | None = None,
) -> FrontalNet:
    """A trained network.

    frontal: (N, size, size) upright phantom chests. refused: (M, 64, 64) other pictures. real: (K, 64, 64) upright
    chests of real patients, drawn as often as phantoms when given.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    good = functional.interpolate(torch.from_numpy(frontal)[:, None].float() / 255, size=(SIZE, SIZE), mode="area")
    if real is not None:
        again = torch.from_numpy(real)[:, None].float() / 255
        good = torch.cat([good, again.repeat(max(1, len(good) // len(again)), 1, 1, 1)])
    bad = torch.from_numpy(refused)[:, None].float() / 255
    net = FrontalNet()
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=RATE, total_steps=max(steps, 2))
    net.train()
    for step in range(steps):
        batch, label = _batch(good, bad, generator)
        loss = functional.binary_cross_entropy_with_logits(net(batch), label)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        progress("gate", step + 1, steps)
    return net.eval()


def _batch(good: Tensor, bad: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Half upright chests; half turned, upside-down, inverted, torn-out chests and other pictures."""

    def some(pool: Tensor, count: int) -> Tensor:
        return pool[torch.randint(len(pool), (count,), generator=generator)]

    half, eighth = BATCH // 2, BATCH // 8
    upright = look(_place(some(good, half), generator, 0.72, 1.4, 0.10), generator)
    turned = [torch.rot90(image, int(k), (1, 2)) for image, k in zip(
        some(good, eighth), torch.randint(1, 4, (eighth,), generator=generator), strict=True)]  # fmt: skip
    upside = some(good, eighth // 2).flip(2)
    inverted = 1 - some(good, eighth // 2)
    torn = _place(some(good, eighth), generator, 0.22, 0.45, 0.5)
    others = some(bad, half - 3 * eighth)
    wrong = torch.cat([torch.stack(turned), upside, inverted, torn, others])
    wrong = look(augment(wrong, generator), generator)
    return torch.cat([upright, wrong]), torch.cat([torch.ones(half), torch.zeros(len(wrong))])


def _place(images: Tensor, generator: torch.Generator, least: float, most: float, shift: float) -> Tensor:
    """Look at a window of `least`..`most` times the picture, off centre by up to `shift`."""
    n = images.shape[0]
    zoom = least + (most - least) * torch.rand(n, generator=generator)
    stretch = torch.exp(0.12 * torch.randn(n, generator=generator))
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = zoom * stretch, zoom / stretch
    theta[:, :, 2] = shift * (2 * torch.rand(n, 2, generator=generator) - 1) * 2
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    fill = "border" if torch.rand(1, generator=generator).item() < 0.5 else "zeros"
    return augment(functional.grid_sample(images, grid, padding_mode=fill, align_corners=False), generator)


def look(images: Tensor, generator: torch.Generator) -> Tensor:
    """Other display chains: local contrast, clipping, haze, bright or dark margins."""
    n = images.shape[0]
    local = images - functional.avg_pool2d(images, 15, 1, 7, count_include_pad=False)
    images = images + local * (1.5 * torch.rand(n, 1, 1, 1, generator=generator))
    gain = 1 + 0.6 * torch.rand(n, 1, 1, 1, generator=generator)
    images = ((images - 0.5) * gain + 0.5 + 0.15 * torch.randn(n, 1, 1, 1, generator=generator)).clamp(0, 1)
    for index in range(n):
        if torch.rand(1, generator=generator).item() < 0.25:
            width = int(torch.randint(1, 8, (1,), generator=generator))
            value = float(torch.rand(1, generator=generator) < 0.5)
            edge = int(torch.randint(4, (1,), generator=generator))
            view = images[index] if edge < 2 else images[index].transpose(1, 2)
            view[:, :width] = value if edge % 2 else view[:, :width]
            view[:, SIZE - width :] = view[:, SIZE - width :] if edge % 2 else value
    return images
