"""A contact sheet of simulated lateral lumbar radiographs, for looking at them next to real ones."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from training.phantoms.spine.fractures import Fracture
from training.phantoms.spine.radiograph import LumbarRadiograph, make_lumbar_radiograph

ROWS = ("home", "home, with keypoints", "fracture", "external")
COLUMNS = 5
SIDE = 240  # pixels of a tile
DRAWN = 384  # pixels of the pictures before they are made smaller
GREY = 48  # around pictures that are no squares
BROKEN = (
    ("L1", Fracture("wedge", 3, 0.45)),
    ("L2", Fracture("biconcave", 2, 0.35)),
    ("L3", Fracture("crush", 3, 0.50)),
    ("L4", Fracture("wedge", 2, 0.30)),
    ("L1", Fracture("wedge", 1, 0.22)),
)


def contact_sheet(path: Path, seed: int = 0, *, columns: int = COLUMNS) -> None:
    """Write the sheet (JPEG or PNG by the name): a row for each of ROWS, captions in the pictures."""
    sheet = Image.new("L", (columns * SIDE, len(ROWS) * SIDE), GREY)
    for row, kind in enumerate(ROWS):
        for column in range(columns):
            number = seed + 100 * row + column
            level, fracture = BROKEN[column % len(BROKEN)]
            broken = {level: fracture} if kind == "fracture" else None
            drawn = make_lumbar_radiograph(number, longest_side=DRAWN, fractures=broken, external=kind == "external")
            what = f"{level} {fracture.kind} {fracture.grade}" if broken else ""
            tile = _tile(drawn, what, points=kind == "home, with keypoints")
            sheet.paste(tile, (column * SIDE + (SIDE - tile.width) // 2, row * SIDE + (SIDE - tile.height) // 2))
    sheet.save(path, quality=82)


def _tile(drawn: LumbarRadiograph, what: str, *, points: bool) -> Image.Image:
    whole = Image.fromarray(np.round(drawn.pixels * 255).astype(np.uint8))
    scale = SIDE / max(whole.size)
    tile = whole.resize((round(whole.width * scale), round(whole.height * scale)), Image.Resampling.BOX)
    draw = ImageDraw.Draw(tile)
    if points:
        for row, column in drawn.keypoints.values():
            x, y = (column + 0.5) * scale, (row + 0.5) * scale
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), outline=255)
            draw.ellipse((x - 2, y - 2, x + 2, y + 2), outline=0)
    caption = f"{drawn.age:.0f} {drawn.sex} {what}"
    draw.text((4, tile.height - 16), caption, fill=255, stroke_width=1, stroke_fill=0)
    return tile
