"""Sixteen axial slices of a CT and their masks, made ready for the network; stored in 8 bits where they wait."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from models.bone_muscle_ct.layout import Layout
from models.bone_muscle_ct.sections import Sections

VERSION = "bone-muscle-1"
BONE_WINDOW, MUSCLE_WINDOW = (-100.0, 900.0), (-150.0, 250.0)  # HU (models.md 3, S4)
CHANNELS = 3  # bone window, muscle window, bone mask
# Codes 0-160 hold the muscle window in steps of 2.5 HU, 161-255 the bone above it in steps of 6.8: below the noise
KNOTS_HU, KNOTS_CODE = (-150.0, 250.0, 900.0), (0.0, 160.0, 255.0)
THICKNESS = 2.0  # mm that a slice stands for
AROUND = 3.0  # mm around the bone that stay visible (models.md 3, S4)
NOTHING = -1024.0  # HU where the CT shows nothing

Codes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Among:
    """The mask of what has one of these labels; only the slices that are asked for are looked at."""

    labels: npt.NDArray[np.uint8] | Sections = field(repr=False)
    values: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the labels."""
        return self.labels.shape

    def __getitem__(self, slices: npt.NDArray[np.intp]) -> Bools:
        """The mask on these slices."""
        return np.isin(self.labels[slices], self.values)


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The slices of one CT, from feet to head."""

    pictures: Codes = field(repr=False)  #: (S, size, size), `encode`d HU
    bone: Bools = field(repr=False)  #: (S, size, size) vertebrae T12-L5
    muscle: Bools = field(repr=False)  #: (S, size, size) muscles along the spine
    present: Bools  #: (S,) whether the slice is there


def encode(hu: npt.NDArray[np.floating]) -> Codes:
    """HU to 8 bits; what lies beyond -150..900 HU is cut off."""
    return np.asarray(np.round(np.interp(hu, KNOTS_HU, KNOTS_CODE)), np.uint8)


def decode(codes: Tensor) -> Tensor:
    """uint8 of any shape to HU, float32."""
    table = torch.from_numpy(np.interp(np.arange(256), KNOTS_CODE, KNOTS_HU).astype(np.float32))
    return table.to(codes.device)[codes.long()]


def cut(
    hu: Floats,
    affine: npt.NDArray[np.float64],
    layout: Layout,
    *,
    bone: Bools | Among,
    muscle: Bools | Among,
    size: int,
    pixel: float,
) -> Stack:
    """Slices of a volume at the places of a layout.

    Parameters
    ----------
    hu
        (Z, Y, X).
    affine
        (4, 4), voxel (x, y, z) to patient (x, y, z) in mm, LPS; any orientation.
    layout
        Where to cut.
    bone, muscle
        (Z, Y, X) masks of the vertebrae T12-L5 and of the muscles along the spine.
    size, pixel
        Of a slice: pixels along a side, and mm.

    Raises
    ------
    ValueError
        If a mask has another shape than the volume.
    """
    if bone.shape != hu.shape or muscle.shape != hu.shape:
        raise ValueError(f"masks must be {hu.shape}, got {bone.shape} and {muscle.shape}")
    present = np.array(layout.present)
    native = np.linalg.norm(affine[:3, :3], axis=0)  # mm along the voxel axes x, y, z
    fine = max(1, round(pixel / float(min(native[:2]))))
    deep = max(1, round(THICKNESS / float(native[2])))
    axis = (np.arange(size * fine) - (size * fine - 1) / 2) * pixel / fine
    across = ((np.arange(deep) + 0.5) / deep - 0.5) * THICKNESS
    pictures = np.zeros((len(present), size, size), np.uint8)
    masks = np.zeros((2, len(present), size, size), np.bool_)
    to_voxel = np.linalg.inv(affine)
    for k in np.flatnonzero(present):
        z, y, x = np.meshgrid(
            layout.heights[k] + across, layout.centre[1] + axis, layout.centre[0] + axis, indexing="ij"
        )
        points = to_voxel[:3, :3] @ np.stack([x, y, z]).reshape(3, -1) + to_voxel[:3, 3:]
        at = points[::-1].reshape(3, *x.shape)
        values = ndimage.map_coordinates(hu, at, order=1, mode="constant", cval=NOTHING, prefilter=False)
        pictures[k] = encode(_mean(values, fine))
        for mask, whole in zip(masks, (bone, muscle), strict=True):
            mask[k] = _mean(nearest(at, whole).astype(np.float32), fine) > 0.5
    return Stack(pictures=pictures, bone=masks[0], muscle=masks[1], present=present)


def nearest(places: npt.NDArray[np.float64], mask: Bools | Among) -> Bools:
    """The mask (Z, Y, X) at places (3, ...), False outside of it; no more of its slices are looked at than it takes.

    What `map_coordinates` of order 0 finds.
    """
    ends = np.reshape(mask.shape, (3, *[1] * (places.ndim - 1))) - 1
    inside = ((places >= 0) & (places <= ends)).all(0)
    out = np.zeros(inside.shape, np.bool_)
    z, y, x = np.floor(places[:, inside] + 0.5).astype(np.intp)
    if z.size:
        slices, which = np.unique(z, return_inverse=True)
        out[inside] = mask[slices][which, y, x]
    return out


def coarsen(hu: Floats, fine: int) -> Floats:
    """(S, fine * size, fine * size) to (S, size, size): means of fine x fine pixels."""
    s, rows, columns = hu.shape
    parts = hu.reshape(s, rows // fine, fine, columns // fine, fine)
    return np.asarray(parts.mean((2, 4)), np.float32)


def _mean(values: npt.NDArray[np.floating], fine: int) -> Floats:
    """(deep, fine * size, fine * size) to (size, size)."""
    return np.asarray(coarsen(np.asarray(values, np.float32), fine).mean(0), np.float32)


def network_input(pictures: Tensor, bone: Tensor, muscle: Tensor, *, pixel: float, bone_only: bool) -> Tensor:
    """(N, S, H, W) codes (uint8) and masks (bool) to (N, S, 3, H, W) in 0..1.

    What is neither bone, nor within 3 mm of it, nor (unless bone_only) muscle is 0 in every channel.
    """
    hu = decode(pictures)
    region = dilate(bone, max(1, round(AROUND / pixel)))
    if not bone_only:
        region = region | muscle
    windows = [((hu - low) / (high - low)).clamp(0, 1) * region for low, high in (BONE_WINDOW, MUSCLE_WINDOW)]
    return torch.stack([*windows, bone.float()], 2)


def dilate(mask: Tensor, pixels: int) -> Tensor:
    """(N, S, H, W) bool, grown by so many pixels in each direction of the plane."""
    grown = functional.max_pool2d(mask.float(), 2 * pixels + 1, stride=1, padding=pixels)
    return grown > 0.5
