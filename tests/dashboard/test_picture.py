"""Our Secondary Captures as PNG."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from dashboard.picture import to_png
from screening.errors import BadPixelData
from tests.dashboard.captures import capture


def test_the_picture_is_the_picture() -> None:
    with Image.open(BytesIO(to_png(capture()))) as image:
        assert (image.format, image.size, image.mode) == ("PNG", (3, 2), "RGB")
        assert [image.getpixel((x, 1)) for x in range(3)] == [(255, 0, 0), (127, 0, 127), (0, 0, 255)]


@pytest.mark.parametrize(
    "changes",
    [
        {"PhotometricInterpretation": "YBR_FULL"},
        {"PlanarConfiguration": 1},
        {"Rows": 200},
        {"Rows": 0},
        {"Rows": 65535, "Columns": 65535},
    ],
)
def test_what_is_not_as_ours_are_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadPixelData):
        to_png(capture(**changes))


@pytest.mark.parametrize("encoded", [b"", bytes(128) + b"DICM", bytes(128) + b"DICMcard", b"x" * 1000])
def test_what_is_no_object_is_refused(encoded: bytes) -> None:
    with pytest.raises(BadPixelData):
        to_png(encoded)
