"""The grey-scale chain of a single image, from stored values to P-values (PS3.4 N.2).

Modality LUT -> VOI LUT -> polarity (MONOCHROME1 or Presentation LUT Shape INVERSE) -> [0, 1], larger is brighter.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dicom_node.elements import DataSet, nested
from dicom_node.keywords import tag
from dicom_node.pixels.layout import Layout
from dicom_node.pixels.lookup import LUT_DATA, LUT_DESCRIPTOR, lut_of
from dicom_node.values import numbers_of, text_of
from screening.errors import BadPixelData

Floats = npt.NDArray[np.float32]

_MODALITY_LUT, _VOI_LUT = tag("ModalityLUTSequence"), tag("VOILUTSequence")
TAGS = frozenset(
    {
        _MODALITY_LUT,
        _VOI_LUT,
        LUT_DESCRIPTOR,
        LUT_DATA,
        *map(
            tag,
            (
                "RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth", "VOILUTFunction",
                "PresentationLUTShape", "PixelPaddingValue", "PixelPaddingRangeLimit",
            ),
        ),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Window:
    """A VOI window (PS3.3 C.11.2.1.2 and C.11.2.1.3): output 0 to 1."""

    center: float
    width: float
    function: str = "LINEAR"

    def __call__(self, values: Floats) -> Floats:
        """P-values in [0, 1] of modality values."""
        x = values.astype(np.float64)
        if self.function == "SIGMOID":
            shifted = np.clip(-4 * (x - self.center) / self.width, -700, 700)  # exp stays finite
            return (1 / (1 + np.exp(shifted))).astype(np.float32)
        if self.function == "LINEAR_EXACT":
            return np.clip((x - self.center) / self.width + 0.5, 0, 1).astype(np.float32)
        if self.width == 1:
            return (x > self.center - 0.5).astype(np.float32)
        return np.clip((x - (self.center - 0.5)) / (self.width - 1) + 0.5, 0, 1).astype(np.float32)


def p_values(data_set: DataSet, layout: Layout, stored: npt.NDArray[Any]) -> Floats:
    """P-values float32 (rows, columns) in [0, 1], larger is brighter; padding is 0 (black, PS3.3 C.7.5.1.1.2).

    Raises
    ------
    BadPixelData
        If a look-up table or rescale is impossible, or there is nothing but padding.
    """
    padding = padding_mask(data_set, layout, stored)
    if padding is not None and padding.all():
        raise BadPixelData("every pixel is padding")
    values = _voi(data_set, _modality_values(data_set, layout, stored), padding)
    if _inverted(data_set, layout):
        values = np.float32(1) - values
    if padding is not None:
        values[padding] = 0
    return values


def padding_mask(data_set: DataSet, layout: Layout, stored: npt.NDArray[Any]) -> npt.NDArray[np.bool_] | None:
    """Where stored values lie in the padding range (PS3.3 C.7.5.1.1.2); None without Pixel Padding Value."""
    value, limit = (
        numbers_of(data_set, data_set.elements.get(tag(keyword)), signed=layout.signed)
        for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit")
    )
    if not value:
        return None
    low, high = sorted((int(value[0]), int((limit or value)[0])))
    return np.asarray((stored >= low) & (stored <= high))


def rescale_of(data_set: DataSet) -> tuple[float, float] | None:
    """(slope, intercept), or None when the header does not say both. BadPixelData when the slope is 0."""
    slope, intercept = (
        numbers_of(data_set, data_set.elements.get(tag(keyword))) for keyword in ("RescaleSlope", "RescaleIntercept")
    )
    if not slope or not intercept:
        return None
    if slope[0] == 0:
        raise BadPixelData("RescaleSlope is 0: every pixel would have the same value")
    return slope[0], intercept[0]


def _modality_values(data_set: DataSet, layout: Layout, stored: npt.NDArray[Any]) -> Floats:
    item = next(nested(data_set.elements, _MODALITY_LUT), None)
    if item is not None:
        return lut_of(data_set, item, signed=layout.signed)(stored)
    slope, intercept = rescale_of(data_set) or (1.0, 0.0)
    values = stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)
    if not np.isfinite(values).all():
        raise BadPixelData("RescaleSlope and RescaleIntercept give values that are no numbers")
    return values


def _voi(data_set: DataSet, values: Floats, padding: npt.NDArray[np.bool_] | None) -> Floats:
    """The first VOI LUT, else the first window, else the range of the image itself."""
    item = next(nested(data_set.elements, _VOI_LUT), None)
    if item is not None:
        lut = lut_of(data_set, item, signed=bool(values.min() < 0))
        # the output range is that of the descriptor's bits (PS3.3 C.11.2.1.1), unless an entry exceeds it
        return lut(values) / np.float32(max(2**lut.bits - 1, float(lut.entries.max())))
    window = _window(data_set)
    if window is not None:
        return window(values)
    inside = values if padding is None else values[~padding]
    low, high = float(inside.min()), float(inside.max())
    if high <= low:
        return np.zeros_like(values)
    scaled: Floats = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return scaled


def _window(data_set: DataSet) -> Window | None:
    """The first window, or None when there is none or one that the Standard does not allow."""
    center, width = (
        numbers_of(data_set, data_set.elements.get(tag(keyword))) for keyword in ("WindowCenter", "WindowWidth")
    )
    function = text_of(data_set, data_set.elements.get(tag("VOILUTFunction"))).upper() or "LINEAR"
    if not center or not width or function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        return None
    smallest = 1.0 if function == "LINEAR" else np.finfo(np.float32).tiny  # PS3.3 C.11.2.1.2.1 and C.11.2.1.3
    return Window(center[0], width[0], function) if width[0] >= smallest else None


def _inverted(data_set: DataSet, layout: Layout) -> bool:
    """Whether low values are bright. INVERSE is what MONOCHROME1 images say of themselves (PS3.3 C.7.6.1).

    So both together invert once, as each of them alone.
    """
    shape = text_of(data_set, data_set.elements.get(tag("PresentationLUTShape"))).upper()
    return layout.photometric == "MONOCHROME1" or shape == "INVERSE"
