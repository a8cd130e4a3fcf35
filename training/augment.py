"""Random changes of a batch that a radiograph may undergo; never a flip, for the heart has a side."""

import math

import torch
from torch import Tensor
from torch.nn import functional

ROTATION = math.radians(8)  # assumption
SCALE = 0.10
SHIFT = 0.06
GAMMA = 0.35  # exponent between exp(-GAMMA) and exp(GAMMA)
NOISE = 0.03


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """(N, 1, H, W) in 0..1 -> the same, moved, re-shaded, with noise."""
    n = images.shape[0]

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, generator=generator) * (high - low) + low

    angle, zoom = uniform(-ROTATION, ROTATION), uniform(1 - SCALE, 1 + SCALE)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    rows = [
        torch.stack([cos, -sin, uniform(-SHIFT, SHIFT) * 2], 1),
        torch.stack([sin, cos, uniform(-SHIFT, SHIFT) * 2], 1),
    ]
    grid = functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    moved = functional.grid_sample(images, grid, align_corners=False)
    shade = moved.clamp(1e-4, 1) ** torch.exp(uniform(-GAMMA, GAMMA))[:, None, None, None]
    noise = torch.randn(images.shape, generator=generator) * (uniform(0, NOISE))[:, None, None, None]
    return (shade + noise).clamp(0, 1)
