"""Reads a projection radiograph: CR, DX, or one that a secondary capture carries."""

from pathlib import Path

from dicom_node.file_bytes import FileBytes
from dicom_node.pixels.frames import locate
from dicom_node.pixels.greyscale import TAGS, p_values
from dicom_node.pixels.spacing import radiograph_spacing
from screening.errors import BadPixelData
from screening.images import Radiograph
from screening.types import Instance


def read_radiograph(path: Path, instance: Instance) -> Radiograph:
    """The radiograph in a stored file after the full grey-scale chain.

    Raises
    ------
    BadHeader, BadPixelData
        If the file cannot be read as one grey-scale frame; the message says what is wrong.
    SpoolUnavailable
        If the file itself cannot be read.
    """
    with FileBytes(path) as file:
        data_set, source = locate(path, file, TAGS, instance.sop_instance_uid)
        if source.layout.frames != 1:
            raise BadPixelData(f"a radiograph must have one frame, this has {source.layout.frames}")
        pixels = p_values(data_set, source.layout, source.stored_values(0))
    return Radiograph(
        pixels=pixels,
        spacing=radiograph_spacing(instance.header),
        sop_instance_uid=instance.sop_instance_uid,
        header=instance.header,
    )
