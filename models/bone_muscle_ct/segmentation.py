"""Which voxels of an abdominal CT are which vertebra and which muscle: the network, its input and the way back."""

from dataclasses import dataclass, field
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from monai.inferers.utils import sliding_window_inference
from scipy import ndimage
from torch import Tensor, nn
from torch.nn import functional

from models.ct_body import opened_by_cross
from models.tensors import tensor_over
from models.unet import UNet3d
from screening.stopwatch import timed

GRID = 2.0  # mm: voxels of the network's input and output; assumption
LEVELS = ("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1")
VERTEBRA_LABELS = (17, 18, 19, 20, 21, 22, 23, 24, 26)  # of LEVELS, as in the VerSe data sets (26: sacrum)
MUSCLES = ("psoas", "erector_spinae", "multifidus", "quadratus", "wall", "other")  # labelled 1..6, sides together
TISSUES = ("background", "body", "arch", "sacrum", *MUSCLES)  # what the network tells apart; levels are counted later
BONES = slice(1, 4)  # of TISSUES
WINDOWS = ((-150.0, 250.0), (-100.0, 900.0))  # HU: muscle and bone (models.md, S4), a channel each
AIR = -1024.0
WIDTHS = (16, 32, 64, 96)  # 1.1 M parameters; assumption
FOLD = 2  # voxels a side that are one position of the network: it works at 4 mm and answers at 2 mm
SLAB_SLICES = 48  # voxels along z that are looked at in one pass, the whole section each, as in training
WIDEST = (240, 304)  # voxels (y, x) of the largest section that is looked at in one pass, 48 x 61 cm
TYPICAL = (48, 160, 224)  # voxels (z, y, x) that are looked at in one pass of an adult, 10 x 32 x 45 cm
LONGEST = 3000.0  # mm: no scan of one patient is longer
SKIN = -300.0  # HU: what is brighter may be the patient
SLAB = 16  # source slices whose classes are found at a time: bounds memory

Labels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
HU = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
Triple = tuple[float, float, float]
Box = tuple[slice, slice, slice]


def fold(x: Tensor) -> Tensor:
    """(N, C, Z, Y, X) -> (N, 8 C, Z/2, Y/2, X/2): blocks of voxels become channels."""
    n, c, z, y, x_ = x.shape
    split = x.reshape(n, c, z // FOLD, FOLD, y // FOLD, FOLD, x_ // FOLD, FOLD)
    return split.permute(0, 1, 3, 5, 7, 2, 4, 6).reshape(n, c * FOLD**3, z // FOLD, y // FOLD, x_ // FOLD)


def unfold(x: Tensor) -> Tensor:
    """(N, 8 C, Z, Y, X) -> (N, C, 2 Z, 2 Y, 2 X): the inverse of `fold`."""
    n, c, z, y, x_ = x.shape
    split = x.reshape(n, c // FOLD**3, FOLD, FOLD, FOLD, z, y, x_)
    return split.permute(0, 1, 5, 2, 6, 3, 7, 4).reshape(n, c // FOLD**3, z * FOLD, y * FOLD, x_ * FOLD)


class SegmentationNet(nn.Module):
    """3-D U-Net between folded voxels: sees ten centimetres of the abdomen in their whole width.

    Parameters
    ----------
    widths
        Channels at each resolution, finest (4 mm) first.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.unet = UNet3d(len(TISSUES) * FOLD**3, in_channels=len(WINDOWS) * FOLD**3, widths=widths)
        self.multiple = FOLD * self.unet.multiple  #: voxels: each side of the input is a multiple of this

    def forward(self, x: Tensor) -> Tensor:
        """(N, 2, Z, Y, X) from `prepare` -> (N, 10, Z, Y, X) logits of TISSUES.

        Raises ValueError when a side is no multiple of `multiple`.
        """
        return unfold(self.unet(fold(x)))


@dataclass(frozen=True, kw_only=True)
class Probabilities:
    """What the network says, on its own grid over the same block of space as the source.

    classes: float32 (TISSUES, Z, Y, X), sums to 1; hu: float32 (Z, Y, X), the source resampled, where that is known.
    """

    classes: Tensor = field(repr=False)
    hu: Tensor | None = field(default=None, repr=False)
    spacing: Triple  #: mm (z, y, x): close to GRID


def grid_shape(shape: tuple[int, ...], spacing: Triple) -> tuple[int, int, int]:
    """Voxels of the network's grid over a volume.

    Raises ValueError for a spacing that is not positive, or a volume that is longer than any patient.
    """
    if len(shape) != 3 or not all(np.isfinite(s) and s > 0 for s in spacing):
        raise ValueError(f"a volume needs three sides and positive spacings in mm, got {shape}, {spacing}")
    extent = [n * s for n, s in zip(shape, spacing, strict=True)]
    if max(extent) > LONGEST:
        raise ValueError(f"the volume is {max(extent):.0f} mm long; more than {LONGEST:.0f} mm is no patient")
    z, y, x = (max(1, round(e / GRID)) for e in extent)
    return z, y, x


def resample(hu: HU, shape: tuple[int, int, int]) -> Tensor:
    """float32 (Z, Y, X) on another number of voxels over the same block; averages where it gets coarser."""
    x = tensor_over(hu)
    plane = functional.interpolate(x[:, None], size=shape[1:], mode="bilinear", antialias=True)[:, 0]
    column = plane.permute(1, 0, 2)[:, None]  # (Y, 1, Z, X)
    along = functional.interpolate(column, size=(shape[0], shape[2]), mode="bilinear", antialias=True)
    return along[:, 0].permute(1, 0, 2).contiguous()


def windows(hu: Tensor) -> Tensor:
    """(N, Z, Y, X) HU -> (N, 2, Z, Y, X): each window from -1 to 1."""
    channels = [((hu - low) * (2 / (high - low)) - 1).clamp(-1, 1) for low, high in WINDOWS]
    return torch.stack(channels, 1)


def body_box(hu: HU) -> Box:
    """The part of the section that the patient fills, through all slices: the network learnt on such pieces.

    Its norms are taken over a whole pass, so that the air and the table around a patient would change its answer.
    Without a patient it is the whole volume.
    """
    inside = opened_by_cross(hu > SKIN, 2)
    parts, count = ndimage.label(inside)
    if not count:
        return slice(0, hu.shape[0]), slice(0, hu.shape[1]), slice(0, hu.shape[2])
    largest = parts == 1 + int(np.bincount(parts.ravel())[1:].argmax())
    rows, columns = (np.flatnonzero(largest.any((0, other))) for other in (2, 1))
    return slice(0, hu.shape[0]), slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


@torch.no_grad()
def infer(net: SegmentationNet, hu: HU, spacing: Triple, *, device: str | torch.device = "cpu") -> Probabilities:
    """Classes on the network's grid.

    Parameters
    ----------
    net
        In evaluation mode, on `device`.
    hu
        float32 (Z, Y, X): z to the head, y to the back, x to the patient's left.
    spacing
        mm (z, y, x).

    Raises
    ------
    ValueError
        For a volume without three sides, of no or unending size.
    """
    shape = grid_shape(hu.shape, spacing)
    resampled = resample(hu, shape)
    small = resampled.clamp(AIR, 3071.0)
    box = body_box(small.numpy())
    body = small[box]
    room = [-(-n // net.multiple) * net.multiple for n in body.shape]
    padded = functional.pad(body, [p for n, r in zip(body.shape[::-1], room[::-1], strict=True) for p in (0, r - n)],
                            value=AIR)  # fmt: skip
    window = (min(room[0], SLAB_SLICES), *(min(r, most) for r, most in zip(room[1:], WIDEST, strict=True)))
    found = sliding_window_inference(
        windows(padded[None]).to(device), window, 1, timed("network.segmentation", net), overlap=(0.5, 0.25, 0.25),
        mode="gaussian", device="cpu",
    )  # fmt: skip
    logits = cast(Tensor, found)[0].float()  # one network output, so neither tuple nor dict
    classes = torch.zeros(len(TISSUES), *shape)
    classes[0] = 1.0
    classes[:, box[0], box[1], box[2]] = logits[:, : body.shape[0], : body.shape[1], : body.shape[2]].softmax(0)
    real = tuple(n * s / m for n, s, m in zip(hu.shape, spacing, shape, strict=True))
    return Probabilities(classes=classes, hu=resampled, spacing=(real[0], real[1], real[2]))


def upsample(values: Tensor, shape: tuple[int, int, int], box: Box) -> Tensor:
    """Linear interpolation onto a box of the source grid `shape`: (C, Z, Y, X) -> (C, *box)."""
    for axis, (size, part) in enumerate(zip(shape, box, strict=True), start=1):
        low, high, share = _between(values.shape[axis], size, torch.arange(part.start, part.stop))
        last = axis == 3  # memory is copied in rows: the axis along which values are picked must not be theirs
        rows = values.transpose(2, 3).contiguous() if last else values
        along = 2 if last else axis
        below, above = rows.index_select(along, low), rows.index_select(along, high)
        found = torch.lerp(below, above, share.reshape([-1 if k == along else 1 for k in range(4)]))
        values = found.transpose(2, 3) if last else found
    return values


def _between(have: int, size: int, index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of `have` values along an axis those below and above places of `size`, and the share of the upper one."""
    at = ((index + 0.5) * (have / size) - 0.5).clamp(0, have - 1)
    low = at.long().clamp(max=max(0, have - 2))
    return low, (low + 1).clamp(max=have - 1), at - low


def to_source(classes: Tensor, shape: tuple[int, int, int], box: Box) -> Labels:
    """The likeliest class of each voxel of a box of the source grid: (C, Z, Y, X) probabilities -> uint8."""
    out = np.empty([part.stop - part.start for part in box], np.uint8)
    for start in range(box[0].start, box[0].stop, SLAB):
        part = slice(start, min(start + SLAB, box[0].stop))
        found = likeliest(upsample(classes, shape, (part, box[1], box[2])))
        out[part.start - box[0].start : part.stop - box[0].start] = found.numpy()
    return out


def likeliest(values: Tensor) -> Tensor:
    """Index of the largest along the first axis, the first of equal ones, as uint8; quicker than argmax."""
    best = values[0].clone()
    out = torch.zeros_like(best, dtype=torch.uint8)
    for number in range(1, len(values)):
        out.masked_fill_(values[number] > best, number)
        torch.maximum(best, values[number], out=best)
    return out


def classes_at(classes: Tensor, shape: tuple[int, int, int], places: Places) -> Tensor:
    """(C, N) what `upsample` gives at places (N, 3) of the source grid: z, y, x."""
    low: list[Tensor] = []
    high: list[Tensor] = []
    share: list[Tensor] = []
    for axis, size in enumerate(shape):
        ends = _between(classes.shape[axis + 1], size, torch.from_numpy(places[:, axis]))
        for part, found in zip((low, high, share), ends, strict=True):
            part.append(found)
    y_x = [(y, x) for y in (low[1], high[1]) for x in (low[2], high[2])]
    corners = [torch.lerp(classes[:, low[0], y, x], classes[:, high[0], y, x], share[0]) for y, x in y_x]
    rows = [torch.lerp(corners[k], corners[k + 2], share[1]) for k in range(2)]
    return torch.lerp(rows[0], rows[1], share[2])


def source_box(inside: Mask, shape: tuple[int, int, int]) -> Box | None:
    """The box of the source grid around a mask on the network's grid, a voxel wider; None for an empty mask."""
    parts = []
    for axis, size in enumerate(shape):
        where = np.flatnonzero(inside.any(tuple(k for k in range(3) if k != axis)))
        if not where.size:
            return None
        scale = size / inside.shape[axis]
        parts.append(slice(max(0, int((where[0] - 1) * scale)), min(size, int(np.ceil((where[-1] + 2) * scale)))))
    return parts[0], parts[1], parts[2]
