"""Random changes that leave a child's age alone: never a flip, and no zoom where the picture is to scale."""

import math

import torch
from torch import Tensor
from torch.nn import functional

ROTATION = math.radians(7)
ZOOM = 0.05  # only where the size of a pixel is not known
SHIFT = 0.05  # of the side
GAMMA = 0.5  # exponent between exp(-GAMMA) and exp(GAMMA); these three: assumption
WINDOW = 0.12  # by which the ends of the grey scale move, of its range
SHARPEN = (-0.4, 0.9)  # of the difference from the blurred picture
NOISE = 0.03


def augment(images: Tensor, generator: torch.Generator, *, zoom: Tensor) -> Tensor:
    """(N, 1, H, W) in 0..1 -> the same, moved, re-shaded, sharpened or blurred, with noise. zoom: (N,) which may be."""
    n = images.shape[0]

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, generator=generator) * (high - low) + low

    size = torch.where(zoom, uniform(1 - ZOOM, 1 + ZOOM), torch.ones(n))
    angle = uniform(-ROTATION, ROTATION)
    cos, sin = torch.cos(angle) * size, torch.sin(angle) * size
    rows = [
        torch.stack([cos, -sin, uniform(-SHIFT, SHIFT) * 2], 1),
        torch.stack([sin, cos, uniform(-SHIFT, SHIFT) * 2], 1),
    ]
    grid = functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    moved = functional.grid_sample(images, grid, align_corners=False)
    blurred = functional.avg_pool2d(moved, 3, stride=1, padding=1, count_include_pad=False)
    sharp = (moved + _each(uniform(*SHARPEN)) * (moved - blurred)).clamp(0, 1)
    low, high = _each(uniform(-WINDOW, WINDOW)), _each(uniform(1 - WINDOW, 1 + WINDOW))
    windowed = ((sharp - low) / (high - low)).clamp(1e-4, 1)
    shaded = torch.where(moved > 0, windowed ** torch.exp(_each(uniform(-GAMMA, GAMMA))), moved)  # margins stay black
    noise = torch.randn(images.shape, generator=generator) * _each(uniform(0, NOISE))
    return (shaded + noise).clamp(0, 1)


def _each(values: Tensor) -> Tensor:
    """(N,) -> (N, 1, 1, 1)."""
    return values[:, None, None, None]
