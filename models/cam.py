"""Class activation maps of networks that end in global average pooling (Zhou et al. 2016), and their hot spots.

The map is exact arithmetic, not an approximation: the logit is the mean of the map plus the bias.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from screening.findings import Point

Array = npt.NDArray[np.float32]


def class_activation(feature_map: Tensor, weight: Tensor) -> Tensor:
    """(C, h, w) features and (C,) weights of the linear head -> (h, w) contributions to the logit."""
    return torch.einsum("chw,c->hw", feature_map, weight)


def heat(activation: Tensor, size: int) -> Array:
    """Contributions that raise the logit, enlarged to (size, size) and scaled to a maximum of 1; zeros if none do."""
    up = functional.interpolate(activation[None, None], size=(size, size), mode="bicubic", align_corners=False)
    raised = up[0, 0].clamp(min=0)
    top = raised.max()
    return np.asarray((raised / top if top > 0 else raised).numpy(), np.float32)


@dataclass(frozen=True, kw_only=True)
class HotSpot:
    """A connected area of high activation. contour: closed, in pixels of the heat map, (column, row)."""

    contour: tuple[Point, ...]
    fraction: float  #: of the whole activation, 0..1


def hot_spots(
    values: Array, *, threshold: float = 0.5, least: float = 0.05, most: int = 3, points: int = 24
) -> list[HotSpot]:
    """Areas above `threshold` that hold at least `least` of all activation, largest share first, at most `most`.

    The contour is the area's outline seen from its centre of mass in `points` directions: star-shaped, so an area with
    a bay is drawn without it.
    """
    total = float(values.sum())
    if total <= 0:
        return []
    labels, count = ndimage.label(values >= threshold)
    found = []
    for label in range(1, count + 1):
        area = labels == label
        fraction = float(values[area].sum()) / total
        if fraction >= least and area.sum() >= 9:
            found.append(HotSpot(contour=_outline(area, points), fraction=fraction))
    return sorted(found, key=lambda spot: -spot.fraction)[:most]


def _outline(area: npt.NDArray[np.bool_], points: int) -> tuple[Point, ...]:
    rows, columns = np.nonzero(area)
    cy, cx = rows.mean() + 0.5, columns.mean() + 0.5
    angle = np.arctan2(rows + 0.5 - cy, columns + 0.5 - cx)
    radius = np.hypot(rows + 0.5 - cy, columns + 0.5 - cx)
    ring: list[Point] = []
    for direction in np.linspace(-np.pi, np.pi, points, endpoint=False):
        gap = np.abs((angle - direction + np.pi) % (2 * np.pi) - np.pi)
        near = radius[gap <= 1.5 * np.pi / points]
        reach = float(near.max()) if near.size else 0.5
        ring.append((float(cx + reach * np.cos(direction)), float(cy + reach * np.sin(direction))))
    return (*ring, ring[0])
