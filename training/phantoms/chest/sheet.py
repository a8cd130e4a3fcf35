"""A contact sheet of the adult chest family, for looking at it next to real radiographs."""

from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from training.phantoms.chest.lateral import make_lateral
from training.phantoms.chest.phantom import Phantom, make_phantom

ROWS: tuple[tuple[str, Literal["PA", "AP"], bool, bool], ...] = (
    ("healthy", "PA", True, False), ("pneumonia", "PA", False, False), ("pneumonia", "AP", False, False),
    ("external", "PA", False, True), ("external", "AP", False, True),
)  # fmt: skip
"""Caption, view, healthy, external."""
FRONTAL = 4  # pictures in a row; behind them a lateral one
SIDE = 240  # pixels of a tile
GREY = 48  # around pictures that are no squares


def contact_sheet(path: Path, seed: int = 0) -> None:
    """Write the sheet (JPEG or PNG by the name): rows by view and disease, a lateral view at each end."""
    sheet = Image.new("L", ((FRONTAL + 1) * SIDE, len(ROWS) * SIDE), GREY)
    for row, (name, view, healthy, external) in enumerate(ROWS):
        for column in range(FRONTAL):
            number = seed + 100 * row + column
            phantom = make_phantom(number, longest_side=SIDE, view=view, healthy=healthy, external=external)
            _place(sheet, row, column, phantom, f"{name} {phantom.age:.0f} y {phantom.sex} {view}")
        lateral = make_lateral(seed + 100 * row, longest_side=SIDE)
        _place(sheet, row, FRONTAL, lateral, f"{lateral.age:.0f} y {lateral.sex} lateral")
    sheet.save(path, quality=82)


def _place(sheet: Image.Image, row: int, column: int, phantom: Phantom, caption: str) -> None:
    tile = Image.fromarray(np.round(phantom.pixels * 255).astype(np.uint8))
    ImageDraw.Draw(tile).text((4, 4), caption, fill=255, stroke_width=1, stroke_fill=0)
    sheet.paste(tile, (column * SIDE + (SIDE - tile.width) // 2, row * SIDE + (SIDE - tile.height) // 2))
