"""A contact sheet of chest CTs, for looking at them next to real ones."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from training.phantoms.lung.lattice import Array
from training.phantoms.lung.person import draw_person
from training.phantoms.lung.phantom import ChestCT, make_chest_ct

# A row each: extents between which the patient is looked for, with honeycombing or without, external or not
ROWS = ((0.01, 0.06, False, False), (0.15, 0.20, False, False), (0.25, 0.35, False, False), (0.30, 0.55, True, False),
        (0.20, 0.40, False, True))  # fmt: skip
LUNG, SOFT = (-600.0, 1500.0), (40.0, 400.0)  # windows: centre and width, HU
HEIGHTS = (0.72, 0.50, 0.28)  # of the axial slices, from the lowest lung to the highest
TILE = (168, 204)  # pixels, rows and columns
COLUMNS = len(HEIGHTS) + 2


def contact_sheet(path: Path, seed: int = 0, *, spacing: tuple[float, float, float] = (2.5, 1.5, 1.5)) -> None:
    """Write the sheet (JPEG or PNG by the name): three axial slices, one in a soft window, one coronal slice."""
    sheet = Image.new("L", (COLUMNS * TILE[1], len(ROWS) * TILE[0]))
    for row, (least, most, honeycomb, external) in enumerate(ROWS):
        number = find(seed, least, most, honeycomb=honeycomb, external=external)
        scan = make_chest_ct(number, spacing=spacing, external=external)
        for column, tile in enumerate(tiles(scan)):
            image = Image.fromarray(tile)
            image.thumbnail((TILE[1], TILE[0]))
            if column == 0:
                ImageDraw.Draw(image).text((4, 4), caption(scan), fill=255, stroke_width=1, stroke_fill=0)
            sheet.paste(image, (column * TILE[1] + (TILE[1] - image.width) // 2, row * TILE[0]))
    sheet.save(path, quality=80)


def find(seed: int, least: float, most: float, *, honeycomb: bool, external: bool) -> int:
    """The first seed from `seed` on whose patient has such a disease."""
    while True:
        person = draw_person(seed, external=external)
        if least < person.extent < most and (person.shares[2] > 0.15) == honeycomb:
            return seed
        seed += 1


def tiles(scan: ChestCT) -> list[npt.NDArray[np.uint8]]:
    """The slices of one row."""
    rows = np.flatnonzero(scan.lung_mask.any((1, 2)))
    places = [int(rows[0] + h * (rows[-1] - rows[0])) for h in HEIGHTS]
    high = max(1, round(scan.hu.shape[0] * scan.spacing[0] / scan.spacing[1]))
    nearest = np.linspace(scan.hu.shape[0] - 1, 0, high).round().astype(int)
    middle = scan.hu[nearest, int(0.56 * scan.hu.shape[1])]
    axial = [windowed(scan.hu[z], LUNG) for z in places]
    return [*axial, windowed(scan.hu[places[1]], SOFT), windowed(middle, LUNG)]


def windowed(hu: Array, window: tuple[float, float]) -> npt.NDArray[np.uint8]:
    """HU -> grey."""
    centre, width = window
    return np.asarray(np.clip((hu - centre + width / 2) / width, 0, 1) * 255, np.uint8)


def caption(scan: ChestCT) -> str:
    """Who it is, in one line."""
    place = " external" if scan.external else ""
    return f"{scan.age:.0f} y {scan.sex}, {scan.truth.extent:.0%} of the lungs{place}"
