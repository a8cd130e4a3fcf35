"""Pixel data as models see them: radiographs after the grey-scale chain, CT volumes in Hounsfield units."""

from dicom_node.pixels.radiograph import read_radiograph
from dicom_node.pixels.volume import read_volume

__all__ = ["read_radiograph", "read_volume"]
