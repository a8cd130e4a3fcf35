"""Every CR, DX and CT of a folder of real data as inputs to be screened, each in a folder of its own."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import nibabel
import numpy as np

from dicom_node.header import is_own_output, read_instance
from screening.errors import BadHeader, SpoolUnavailable
from training.phantoms.ct_dicom import ABDOMEN, CtScan, write_ct
from training.phantoms.dicom import CHEST, PhantomPatient

RADIOGRAPHS, CT = ("CR", "DX"), ("CT",)
MOMENT = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Input:
    """One file, or the files of one series, that lie in `folder` alone."""

    name: str  #: relative to the data
    modality: str
    folder: Path
    unread: str = ""  #: why it is no instance that can be screened


def inputs(data: Path, out: Path) -> Iterator[Input]:
    """Files that belong to one series together, in the order of their names; volumes in NIfTI as series of slices."""
    series: dict[str, list[Path]] = {}
    for path in sorted(item for item in data.rglob("*") if item.is_file()):
        if path.name.endswith("_ct.nii.gz") or path.name.startswith("LIDC"):
            yield _volume(path, path.relative_to(data), out)
            continue
        modality = _modality(path)
        if modality in RADIOGRAPHS:
            yield _copied([path], str(path.relative_to(data)), modality, out)
        elif modality in CT:
            in_series = path.parent.parent.name == "ct"  # folders of slices; elsewhere each file is a case of its own
            name = str((path.parent if in_series else path).relative_to(data))
            series.setdefault(name, []).append(path)
    for name, paths in series.items():
        yield _copied(paths, name, "CT", out)


def _modality(path: Path) -> str:
    """As the header says; an empty string for what is no image to screen, or has no header that can be read at all."""
    if path.suffix in (".csv", ".jpg", ".md", ".gz", ".bin"):
        return ""
    try:
        header = read_instance(path, location=str(path)).header
    except (BadHeader, SpoolUnavailable) as exc:
        told = str(exc)
        return _raw_modality(path) if "has no" in told else ""
    return "" if is_own_output(header) else header.text("Modality").upper()


def _raw_modality(path: Path) -> str:
    """Of a file that lacks a UID."""
    from pydicom import dcmread  # noqa: PLC0415
    from pydicom.errors import InvalidDicomError  # noqa: PLC0415

    try:
        ds = dcmread(path, stop_before_pixels=True, specific_tags=["Modality", "Rows"])
    except (InvalidDicomError, OSError, ValueError, KeyError, NotImplementedError, AttributeError):
        return ""
    return str(ds.get("Modality", "")) if "Rows" in ds else ""


def _copied(paths: list[Path], name: str, modality: str, out: Path) -> Input:
    folder = out / name.replace("/", "_")
    folder.mkdir(parents=True)
    for path in paths:
        shutil.copy(path, folder / path.name)
    return Input(name=name, modality=modality, folder=folder)


def _volume(path: Path, relative: Path, out: Path) -> Input:
    """A NIfTI volume written as axial CT slices of a made-up person of 65 years."""
    image = nibabel.as_closest_canonical(nibabel.load(path))  # x to the right, y to the front, z to the head
    hu = np.asarray(image.dataobj, np.float32).transpose(2, 1, 0)[:, ::-1, ::-1]
    x, y, z = (float(step) for step in image.header.get_zooms()[:3])
    folder = out / str(relative).replace("/", "_")
    scan = CtScan(
        seed=1, age=65.0, sex="M", hu=np.clip(hu, -1024, 3071), spacing=(z, y, x), origin=(0.0, 0.0, 0.0), kvp=120,
        kernel="real", contrast=False, simulator="real", part=CHEST if path.name.startswith("LIDC") else ABDOMEN,
    )  # fmt: skip
    patient = PhantomPatient(patient_id="REAL", name="Real^Volume", birth_date=datetime(1961, 1, 1, tzinfo=UTC).date())
    write_ct(folder, scan, patient=patient, study_instance_uid="2.25.1", acquired=MOMENT)
    return Input(name=str(relative), modality="CT", folder=folder)
