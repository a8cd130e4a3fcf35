"""How many millimetres a pixel of a projection radiograph is (PS3.3 10.7.1), never invented."""

import math

from screening.header import Header

_CALIBRATIONS = ("FIDUCIAL", "GEOMETRY")  # Pixel Spacing Calibration Type (0028,0A02), PS3.3 10.7.1.2


def radiograph_spacing(header: Header) -> tuple[float, float] | None:
    """Mm (row spacing, column spacing), or None when the header does not say.

    In this order: Pixel Spacing that was calibrated; Imager Pixel Spacing, divided by the Estimated Radiographic
    Magnification Factor when there is one; Nominal Scanned Pixel Spacing; Pixel Spacing of unknown meaning. Pixel
    Spacing counts as calibrated when it says how, or when it differs from the spacing at the detector or in the
    scanned film (PS3.3 10.7.1.1).
    """
    pixel, imager = _pair(header, "PixelSpacing"), _pair(header, "ImagerPixelSpacing")
    scanned = _pair(header, "NominalScannedPixelSpacing")
    said = header.text("PixelSpacingCalibrationType").upper() in _CALIBRATIONS
    reference = imager or scanned
    differs = reference is not None and not _same(pixel, reference)
    if pixel is not None and (said or differs):
        return pixel
    if imager is not None:
        magnification = header.number("EstimatedRadiographicMagnificationFactor")
        if magnification is None or not math.isfinite(magnification) or magnification < 1:
            return imager
        return imager[0] / magnification, imager[1] / magnification
    return scanned or pixel


def _same(first: tuple[float, float] | None, second: tuple[float, float]) -> bool:
    return first is not None and all(math.isclose(a, b, rel_tol=1e-3) for a, b in zip(first, second, strict=True))


def _pair(header: Header, keyword: str) -> tuple[float, float] | None:
    """Two positive numbers; 0.000 and a single number mean unknown."""
    values = header.numbers(keyword)
    if len(values) != 2 or not all(math.isfinite(value) and value > 0 for value in values):
        return None
    return values[0], values[1]
