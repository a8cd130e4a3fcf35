"""A site's DICOM files as images, after a look at what kind of image they are."""

from collections.abc import Sequence
from pathlib import Path

from dicom_node.header import read_instance
from dicom_node.pixels import read_radiograph, read_volume
from screening.errors import BadHeader
from screening.images import Radiograph, Volume
from screening.types import Instance

CT = ("CT",)
RADIOGRAPH = ("CR", "DX", "RG")  # Modality (0008,0060), PS3.3 C.7.3.1.1.1


class WrongModality(BadHeader):
    """The image is of another modality; the text names both, and nothing of the patient."""


def read_site_volume(paths: Sequence[Path]) -> Volume:
    """Every file of the paths, folders searched through, as one CT volume.

    Raises
    ------
    WrongModality
        If a file is no CT image.
    ScreeningError
        If a file cannot be read, or the slices do not form a volume. The text may quote a header.
    """
    files = sorted(file for path in paths for file in (path.rglob("*") if path.is_dir() else (path,)) if file.is_file())
    return read_volume([(file, _instance(file, CT)) for file in files])


def read_site_radiograph(path: Path) -> Radiograph:
    """One file as a radiograph; raises like `read_site_volume`."""
    return read_radiograph(path, _instance(path, RADIOGRAPH))


def _instance(file: Path, allowed: tuple[str, ...]) -> Instance:
    instance = read_instance(file, location=file.name)
    modality = instance.header.text("Modality").upper()
    if modality not in allowed:
        said = modality if modality.isalpha() and len(modality) <= 3 else "not stated"  # no free text in a message
        raise WrongModality(f"must have Modality {' or '.join(allowed)}, got {said}")
    return instance
