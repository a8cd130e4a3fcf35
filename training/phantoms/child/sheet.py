"""A contact sheet of child phantoms, for looking at them next to real radiographs."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from training.phantoms.child.growth import Sex
from training.phantoms.child.phantom import make_child

AGES = (0, 12, 60, 120, 192)  # months, a row each
COLUMNS = 5  # the last is the held-out hospital's
SIDE = 240  # pixels of a tile
SEXES: tuple[Sex, Sex] = ("M", "F")
GREY = 48  # around pictures that are no squares


def contact_sheet(path: Path, seed: int = 0) -> None:
    """Write the sheet (JPEG or PNG by the name): rows by age, boys and girls in turn, captions in the pictures."""
    sheet = Image.new("L", (COLUMNS * SIDE, len(AGES) * SIDE), GREY)
    for row, months in enumerate(AGES):
        for column in range(COLUMNS):
            external = column == COLUMNS - 1
            number, sex = seed + 100 * row + column, SEXES[column % 2]
            phantom = make_child(number, months=months, sex=sex, longest_side=SIDE, external=external)
            tile = Image.fromarray(np.round(phantom.pixels * 255).astype(np.uint8))
            place = "external" if external else ""
            caption = f"{months // 12} y {phantom.sex} {phantom.view} {place}"
            ImageDraw.Draw(tile).text((4, 4), caption, fill=255, stroke_width=1, stroke_fill=0)
            sheet.paste(tile, (column * SIDE + (SIDE - tile.width) // 2, row * SIDE + (SIDE - tile.height) // 2))
    sheet.save(path, quality=82)
