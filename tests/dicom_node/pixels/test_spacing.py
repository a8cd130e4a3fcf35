from typing import Any

import pytest

from dicom_node.pixels.spacing import radiograph_spacing
from screening.header import Header


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, None),
        ({"ImagerPixelSpacing": [0.14, 0.15]}, (0.14, 0.15)),
        ({"ImagerPixelSpacing": [0.15, 0.15], "EstimatedRadiographicMagnificationFactor": 1.5}, (0.1, 0.1)),
        ({"ImagerPixelSpacing": [0.15, 0.15], "EstimatedRadiographicMagnificationFactor": 0}, (0.15, 0.15)),
        ({"ImagerPixelSpacing": [0.15, 0.15], "PixelSpacing": [0.15, 0.15]}, (0.15, 0.15)),
        ({"ImagerPixelSpacing": [0.15, 0.15], "PixelSpacing": [0.12, 0.12]}, (0.12, 0.12)),
        (
            {
                "ImagerPixelSpacing": [0.15, 0.15],
                "PixelSpacing": [0.15, 0.15],
                "PixelSpacingCalibrationType": "GEOMETRY",
                "EstimatedRadiographicMagnificationFactor": 1.5,
            },
            (0.15, 0.15),
        ),
        ({"PixelSpacing": [0.2, 0.2]}, (0.2, 0.2)),
        ({"NominalScannedPixelSpacing": [0.17, 0.17]}, (0.17, 0.17)),
        ({"PixelSpacing": [0.0, 0.0]}, None),
        ({"PixelSpacing": [0.0, 0.0], "ImagerPixelSpacing": [0.1, 0.1]}, (0.1, 0.1)),
        ({"ImagerPixelSpacing": 0.1}, None),
        ({"ImagerPixelSpacing": [-0.1, 0.1]}, None),
        ({"ImagerPixelSpacing": ["0,1", 0.1]}, None),
    ],
)
def test_spacing(values: dict[str, Any], expected: tuple[float, float] | None) -> None:
    assert radiograph_spacing(Header(values)) == (None if expected is None else pytest.approx(expected))
