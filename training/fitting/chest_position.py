"""How the check of a chest's position is trained: whole pictures against those that lack a side or have them swapped.

`python -m training.fitting.chest_position FOLDER OUT` draws the phantoms, reads the real frontal radiographs of FOLDER
and writes the weights that are part of the program. The same input gives the same weights on the same machine.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from models.chest_position import SIZE, PositionNet
from models.weights import write_weights
from training.fitting.frontal_gate import look
from training.phantoms.chest.phantom import make_phantom
from training.phantoms.child.phantom import make_child
from training.request import Progress, silent

RATE, BATCH, STEPS, EACH = 2e-3, 64, 1600, 700
SEEDS = 900_000
KEPT = 96  # pixels along each side of what is cut from
WHOLE, LACKING = 0.04, 0.12  # share of the lungs beyond the edge: up to the first whole, from the second cut off
LEAST_CUT, MOST_CUT = 0.28, 0.45  # of a real picture, whose lungs nobody drew: enough to cut them


@dataclass(frozen=True)
class Pool:
    """images: uint8 (N, 96, 96). lungs: uint8 (N, 96, 96), 255 where the lungs are; all 0 where they are not known."""

    images: npt.NDArray[np.uint8]
    lungs: npt.NDArray[np.uint8]

    def __add__(self, other: "Pool") -> "Pool":
        return Pool(np.concatenate([self.images, other.images]), np.concatenate([self.lungs, other.lungs]))


def phantoms(each: int, seed: int = SEEDS) -> Pool:
    """As many adults as children."""
    makers: tuple[Callable[..., object], ...] = (make_phantom, make_child)
    made = [(_square(p.pixels), _square(p.mask)) for p in _drawn(makers, each, seed)]  # type: ignore[attr-defined]
    images, lungs = zip(*made, strict=True)
    return Pool(np.stack(images), np.stack(lungs))


def _drawn(makers: tuple[Callable[..., object], ...], each: int, seed: int) -> Iterator[object]:
    for make in makers:
        for index in range(each):
            yield make(seed + index, longest_side=KEPT)


def real(folder: Path) -> Pool:
    """The real frontal radiographs (JPEG, PNG; bone bright) of a folder, in the order of their names."""
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    images = np.stack([_square(np.asarray(Image.open(p).convert("L"), np.float32) / np.float32(255)) for p in paths])
    return Pool(images, np.zeros_like(images))


def _square(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    whole = torch.from_numpy(np.ascontiguousarray(pixels, np.float32))[None, None]
    small = functional.interpolate(whole, size=(KEPT, KEPT), mode="bilinear", antialias=True)[0, 0]
    return np.round(small.clamp(0, 1).numpy() * 255).astype(np.uint8)


def train_position(pool: Pool, *, steps: int, seed: int, progress: Progress) -> PositionNet:
    """A trained network."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    net = PositionNet()
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=RATE, total_steps=max(steps, 2))
    images, lungs = (torch.from_numpy(part)[:, None] for part in (pool.images, pool.lungs))
    net.train()
    for step in range(steps):
        chosen = torch.randint(len(images), (BATCH,), generator=generator)
        batch, label, counts = spoiled(images[chosen].float() / 255, lungs[chosen].float() / 255, generator)
        loss = functional.binary_cross_entropy_with_logits(net(batch), label, weight=counts)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        progress("position", step + 1, steps)
    return net.eval()


def spoiled(images: Tensor, lungs: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """(N, 1, 96, 96) pictures and lungs -> (N, 1, 64, 64) pictures, (N, 2) labels, (N, 2) whether a label counts.

    Half lack a strip of a side, half of all have their sides swapped. Whether a picture that is cut off is mirrored
    need not be told.
    """
    n = len(images)
    swapped = torch.rand(n, generator=generator) < 0.5
    images, lungs = (torch.where(swapped[:, None, None, None], part.flip(3), part) for part in (images, lungs))
    edges = 0.06 * torch.rand(n, 4, generator=generator) - 0.03  # of the picture, left, top, right, bottom
    cut = torch.rand(n, generator=generator) < 0.5
    side = torch.randint(4, (n,), generator=generator)
    strip = LEAST_CUT + (MOST_CUT - LEAST_CUT) * torch.rand(n, generator=generator)
    edges[cut, side[cut]] = strip[cut]
    theta = _windows(edges, generator)
    seen = [
        functional.grid_sample(
            part,
            functional.affine_grid(theta, [n, 1, SIZE, SIZE], align_corners=False),
            padding_mode=padding, align_corners=False,
        )
        for part, padding in ((images, "border"), (lungs, "zeros"))
    ]  # fmt: skip
    area = torch.linalg.det(theta[:, :, :2]).abs()  # of the picture that is still seen
    left = seen[1].mean((1, 2, 3)) * area / lungs.mean((1, 2, 3)).clamp(min=1e-6)
    known = lungs.flatten(1).any(1)
    lacking = torch.where(known, left < 1 - LACKING, cut)
    sure = torch.where(known, (left < 1 - LACKING) | (left > 1 - WHOLE), torch.ones_like(cut))
    label = torch.stack([lacking, swapped], 1).float()
    return look(_marked(seen[0], generator), generator), label, torch.stack([sure, ~cut], 1).float()


def _windows(edges: Tensor, generator: torch.Generator) -> Tensor:
    """(N, 2, 3) transforms that show what lies between the edges, turned a little."""
    low, high = 2 * edges[:, :2] - 1, 1 - 2 * edges[:, 2:]
    angle = 0.07 * torch.randn(len(edges), generator=generator)
    cos, sin = torch.cos(angle), torch.sin(angle)
    half, middle = (high - low) / 2, (high + low) / 2
    rows = [
        torch.stack([cos * half[:, 0], -sin * half[:, 1], middle[:, 0]], 1),
        torch.stack([sin * half[:, 0], cos * half[:, 1], middle[:, 1]], 1),
    ]
    return torch.stack(rows, 1)


def _marked(images: Tensor, generator: torch.Generator) -> Tensor:
    """A bright letter on half of them, on either side: where it lies shall say nothing. Other grey scales, noise."""
    n = len(images)
    row, column, tall, wide = (
        torch.randint(low, high, (n, 1, 1, 1), generator=generator) for low, high in ((2, 20), (1, 62), (2, 6), (1, 4))
    )
    down, across = torch.arange(SIZE)[:, None], torch.arange(SIZE)
    letter = (down >= row) & (down < row + tall) & (across >= column) & (across < column + wide)
    images = torch.where(letter & (torch.rand(n, 1, 1, 1, generator=generator) < 0.5), 1.0, images)
    shade = torch.exp(0.4 * (2 * torch.rand(n, 1, 1, 1, generator=generator) - 1))
    noise = 0.04 * torch.rand(n, 1, 1, 1, generator=generator) * torch.randn(images.shape, generator=generator)
    return (images.clamp(1e-4, 1) ** shade + noise).clamp(0, 1)


def main(folder: Path, out: Path) -> None:
    """Train and write."""
    people, patients = phantoms(EACH), real(folder)
    times = max(1, len(people.images) // len(patients.images))
    pool = sum([patients] * times, people)
    net = train_position(pool, steps=STEPS, seed=0, progress=silent)
    write_weights(out, net.state_dict())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
