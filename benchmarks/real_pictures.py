"""A picture of each input with the outcomes below it, several on a sheet: to be looked at."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
from PIL import Image, ImageDraw
from pydicom.errors import InvalidDicomError

from benchmarks.real_inputs import RADIOGRAPHS, Input
from dicom_node.header import read_instance
from dicom_node.pixels import read_radiograph
from screening.errors import ScreeningError

SIDE, CAPTION, ACROSS, DOWN = 300, 66, 4, 3  # pixels of a picture and of the words below it; pictures on a sheet


def draw_sheets(items: Sequence[Input], captions: Mapping[str, Sequence[str]], out: Path) -> None:
    """sheet01.png and so on."""
    out.mkdir(parents=True, exist_ok=True)
    each = ACROSS * DOWN
    for number, start in enumerate(range(0, len(items), each), start=1):
        sheet = Image.new("L", (ACROSS * SIDE, DOWN * (SIDE + CAPTION)), 40)
        draw = ImageDraw.Draw(sheet)
        for place, item in enumerate(items[start : start + each]):
            left, top = place % ACROSS * SIDE, place // ACROSS * (SIDE + CAPTION)
            pixels = _middle(item)
            if pixels is not None:
                picture = Image.fromarray(pixels)
                picture.thumbnail((SIDE - 6, SIDE - 6))
                sheet.paste(picture, (left + 3, top + 3))
            lines = [item.name.rpartition("/")[2][-48:], *captions[item.name]]
            draw.multiline_text((left + 4, top + SIDE), "\n".join(lines), fill=255, spacing=1)
        sheet.save(out / f"sheet{number:02d}.png")


def _middle(item: Input) -> npt.NDArray[np.uint8] | None:
    """The middle file's grey values stretched over 0..255, bone bright; None where they cannot be decoded."""
    paths = sorted(item.folder.iterdir())
    path = paths[len(paths) // 2]
    try:
        if item.modality in RADIOGRAPHS:
            values = read_radiograph(path, read_instance(path, location=str(path))).pixels
        else:
            values = np.asarray(pydicom.dcmread(path).pixel_array, np.float32)
    except (ScreeningError, InvalidDicomError, ValueError, RuntimeError, AttributeError, NotImplementedError, KeyError):
        return None
    while values.ndim > 2:
        values = values[len(values) // 2] if values.shape[-1] > 4 else values.mean(-1)
    low, high = np.percentile(values, (1, 99))
    return np.asarray(np.round(255 * np.clip((values - low) / max(float(high - low), 1e-6), 0, 1)), np.uint8)
