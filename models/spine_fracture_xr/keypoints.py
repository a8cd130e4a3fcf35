"""Where L1 to L5 are on a lateral lumbar radiograph, and when the network's answer is not to be used."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.heatmaps import decode
from screening.stopwatch import stage

Points = npt.NDArray[np.float64]

LEVELS = ("L1", "L2", "L3", "L4", "L5")
MEAN, SD = 0.30, 0.30  # about those of the simulated pictures with their black margins; fixed, no part of training
STRIDE = 4  # input pixels for each heatmap pixel
LOWEST_PEAK = 0.45  # a heatmap that stays below it knows of no vertebra; about 0.9 where the network is sure
# Largest over smallest distance between neighbours, and degrees between neighbouring segments of the line: within both
# are 99.9 % of 1,882 real spines (VID keypoints of CTs, seen from the side) and all of 3,000 simulated ones
UNEVEN, SHARPEST = 1.8, 55.0
SMALLER = 0.85  # size of the second look; of 142 simulated spines five were refused at the first look, two after it
SAME_PLACE = 0.25  # of the distance of two vertebrae: farther apart, two looks at a level see two vertebrae


class Located(NamedTuple):
    """What the network found on N pictures."""

    points: Points  #: (N, 5, 2) column and row in pixels of the square, L1 to L5
    peaks: Points  #: (N, 5) height of each heatmap's maximum

    @property
    def refusals(self) -> list[str | None]:
        """For each picture why its points are not to be used; None: they are."""
        return [refusal(points, peaks) for points, peaks in zip(self.points, self.peaks, strict=True)]


def standardise(squares: Tensor) -> Tensor:
    """(N, 1, size, size) in 0..1 -> what the network is trained on."""
    return (squares - MEAN) / SD


@torch.inference_mode()
def locate(network: nn.Module, squares: Tensor, *, thorough: bool = True) -> Located:
    """Points and peaks on pictures of 0..1.

    Parameters
    ----------
    network
        (N, 1, size, size) -> (N, 5, size / 4, size / 4), in evaluation mode.
    squares
        (N, 1, size, size), float32, where the network lies; size a multiple of 32.
    thorough
        Average with the heatmaps of the mirror image (a lateral view has no sides to swap), and look again, at a
        smaller picture, where five levels are not found: better, at twice the time or more.

    Returns
    -------
    Located, float64 on the CPU.
    """
    first = _look(network, squares, flip=thorough)
    again = [row for row, refused in enumerate(first.refusals) if refused is not None] if thorough else []
    if not again:
        return first
    second = _look_smaller(network, squares[again])
    for place, row in enumerate(again):
        found = Located(second.points[place], second.peaks[place])
        if agree(Located(first.points[row], first.peaks[row]), found):
            first.points[row], first.peaks[row] = found
    return first


def _look_smaller(network: nn.Module, squares: Tensor) -> Located:
    """What is seen on pictures of SMALLER of the size, in pixels of the pictures as they are."""
    theta = torch.tensor([[1 / SMALLER, 0, 0], [0, 1 / SMALLER, 0]], device=squares.device).repeat(len(squares), 1, 1)
    grid = functional.affine_grid(theta, list(squares.shape), align_corners=False)
    small = _look(network, functional.grid_sample(squares, grid, align_corners=False), flip=True)
    middle = squares.shape[-1] / 2
    return Located((small.points - middle) / SMALLER + middle, small.peaks)


def _look(network: nn.Module, squares: Tensor, *, flip: bool) -> Located:
    x = standardise(squares)
    with stage("network.keypoints"):
        heatmaps = network(x).float()
        if flip:
            heatmaps = (heatmaps + network(x.flip(3)).float().flip(3)) / 2
    points, peaks = refine(heatmaps)
    return Located(points.double().cpu().numpy(), peaks.double().cpu().numpy())


def agree(first: Located, second: Located) -> bool:
    """Whether the second look at one picture, points (5, 2) and peaks (5,), may stand for the first.

    It must find five levels, and those that the first was sure of where that saw them.
    """
    if refusal(second.points, second.peaks) is not None:
        return False
    sure = first.peaks >= LOWEST_PEAK
    away = np.linalg.norm(first.points - second.points, axis=1)[sure]
    distance = np.linalg.norm(np.diff(second.points, axis=0), axis=1).mean()
    return bool((away <= SAME_PLACE * distance).all())


def refine(heatmaps: Tensor, *, stride: int = STRIDE) -> tuple[Tensor, Tensor]:
    """The top of the Gaussian through each maximum and its neighbours.

    Along each axis a parabola through the logarithms of three values: exact for a Gaussian along the axes, the
    separable case of DARK (Zhang et al. 2020, section 3.2). Where it cannot be (at the border, no peak) the quarter
    offset of `models.heatmaps.decode` stays.

    heatmaps: (N, K, rows, columns) -> points (N, K, 2), column and row in input pixels, and peaks (N, K).
    """
    rough = decode(heatmaps, stride=stride)
    rows, columns = heatmaps.shape[2:]
    index = heatmaps.flatten(2).argmax(2)
    row, column = index // columns, index % columns
    n = torch.arange(heatmaps.shape[0], device=heatmaps.device)[:, None]
    k = torch.arange(heatmaps.shape[1], device=heatmaps.device)[None, :]
    logs = heatmaps.clamp(min=1e-3).log()

    def top(before: Tensor, middle: Tensor, after: Tensor) -> Tensor:
        bend = 2 * middle - before - after
        return torch.where(bend > 1e-3, (after - before) / (2 * bend.clamp(min=1e-3)), 0).clamp(-0.5, 0.5)

    left, right = (column - 1).clamp(min=0), (column + 1).clamp(max=columns - 1)
    above, below = (row - 1).clamp(min=0), (row + 1).clamp(max=rows - 1)
    here = logs[n, k, row, column]
    across = column + top(logs[n, k, row, left], here, logs[n, k, row, right])
    down = row + top(logs[n, k, above, column], here, logs[n, k, below, column])
    inside = (column > 0) & (column < columns - 1) & (row > 0) & (row < rows - 1)
    usable = (inside & (rough.peaks > 0.05))[..., None]
    fine = (torch.stack([across, down], 2) + 0.5) * stride
    return torch.where(usable, fine, rough.points), rough.peaks


def refusal(points: Points, peaks: Points, *, lowest: float = LOWEST_PEAK) -> str | None:
    """Why the points of one picture are not to be used, or None.

    Parameters
    ----------
    points
        (5, 2) column and row.
    peaks
        (5,) heights of the heatmaps' maxima.
    lowest
        A peak below it is none.
    """
    low = [level for level, peak in zip(LEVELS, peaks, strict=True) if not peak >= lowest]
    if low:
        return f"no vertebra is seen for {', '.join(low)}"
    steps = np.diff(np.asarray(points, np.float64), axis=0)
    gaps = np.linalg.norm(steps, axis=1)
    if gaps.min() <= 0 or gaps.max() > UNEVEN * gaps.min():
        return "the distances between the vertebrae are no spine's"
    along = np.degrees(np.angle(np.exp(1j * np.diff(np.arctan2(steps[:, 1], steps[:, 0])))))
    if np.abs(along).max() > SHARPEST:
        return "the line through the vertebrae is bent as no spine is"
    return None
