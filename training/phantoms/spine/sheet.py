"""A contact sheet of spine phantoms, for looking at them next to real CTs: slices, and their labels in colour."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from training.phantoms.spine.phantom import SpineCT, make_spine_ct

COLUMNS = 5  # the last is the held-out hospital's
SIDE = 256  # pixels of a tile
SPACING = (2.5, 1.25, 1.25)  # mm
WINDOW = (-160.0, 400.0)  # HU
AGES = (52.0, 60.0, 68.0, 76.0, 70.0)
SHARE = 0.45  # of the colour in a labelled voxel
VERTEBRAE = ((230, 60, 60), (60, 160, 230))  # in turn
MUSCLES = (
    (0, 0, 0), (90, 200, 90), (240, 200, 60), (240, 130, 50), (170, 90, 220), (90, 200, 220), (150, 150, 150),
)  # fmt: skip

Plane = npt.NDArray[np.uint8]


def grey(plane: npt.NDArray[np.float32]) -> Plane:
    """HU of a slice as (rows, columns, 3) in 0..255."""
    low, high = WINDOW
    level = np.clip((plane - low) / (high - low), 0, 1) * 255
    return np.repeat(np.round(level).astype(np.uint8)[..., None], 3, axis=2)


def coloured(plane: Plane, vertebrae: Plane, muscles: Plane) -> Plane:
    """The slice with its labels: vertebrae by VerSe value, muscles by muscles.LABELS."""
    tint = np.asarray(MUSCLES, np.float32)[np.minimum(muscles, len(MUSCLES) - 1)]
    bone = vertebrae > 0
    tint[bone] = np.asarray(VERTEBRAE, np.float32)[vertebrae[bone] % 2]
    mixed = np.where((bone | (muscles > 0))[..., None], plane * (1 - SHARE) + tint * SHARE, plane)
    return np.asarray(np.round(mixed), np.uint8)


def planes(ct: SpineCT) -> list[Plane]:
    """Axial slices at L1 and L3, the sagittal slice through L3, and the last two with labels."""
    z1, z3 = (round(ct.grid.index(ct.truth.keypoints[level])[0]) for level in ("L1", "L3"))
    x3 = round(ct.grid.index(ct.truth.keypoints["L3"])[2])
    tall = round(ct.hu.shape[0] * ct.spacing[0] / ct.spacing[1])

    def upright(plane: Plane) -> Plane:
        return np.asarray(Image.fromarray(plane[::-1]).resize((plane.shape[1], tall), Image.Resampling.BILINEAR))

    axial, sagittal = grey(ct.hu[z3]), grey(ct.hu[:, :, x3])
    return [
        grey(ct.hu[z1]), axial, coloured(axial, ct.vertebra_labels[z3], ct.muscle_labels[z3]), upright(sagittal),
        upright(coloured(sagittal, ct.vertebra_labels[:, :, x3], ct.muscle_labels[:, :, x3])),
    ]  # fmt: skip


def contact_sheet(path: Path, seed: int = 0) -> None:
    """Write the sheet (JPEG or PNG by the name): a person in each column, captions in the pictures."""
    sheet = Image.new("RGB", (COLUMNS * SIDE, 5 * SIDE))
    draw = ImageDraw.Draw(sheet)
    for column in range(COLUMNS):
        external = column == COLUMNS - 1
        ct = make_spine_ct(seed + column, spacing=SPACING, age=AGES[column], external=external)
        for row, plane in enumerate(planes(ct)):
            tile = Image.fromarray(plane)
            tile.thumbnail((SIDE, SIDE))
            place = (column * SIDE + (SIDE - tile.width) // 2, row * SIDE + (SIDE - tile.height) // 2)
            sheet.paste(tile, place)
        text = f"{ct.anatomy.age:.0f} y {ct.anatomy.sex} {ct.anatomy.phase}, L1 {ct.truth.trabecular_hu['L1']:.0f} HU"
        draw.text((column * SIDE + 4, 4), text + (" external" if external else ""), fill=(255, 255, 255))
    sheet.save(path, quality=82)
