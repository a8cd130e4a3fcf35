"""A phantom's volume as a series of CT images (PS3.3 A.3): one file a slice."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from training.phantoms.canvas import Array
from training.phantoms.dicom import CHEST, BodyPart, PhantomPatient, identify, tell_equipment, tell_times

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
LOWEST, BITS = -1024, 12  # HU of the stored value 0; bits stored
ABDOMEN = BodyPart(
    name="Abdomen", examined="ABDOMEN", code="818981001", meaning="Abdomen", model="Digital spine phantom"
)
WINDOWS = {"CHEST": (("-600", "1500", "Lung"), ("40", "400", "Soft tissue")), "ABDOMEN": (("40", "400", "Abdomen"),)}


@dataclass(frozen=True, kw_only=True)
class CtScan:
    """What is written: hu (Z, Y, X), z to the head, y to the back, x to the left; spacing and origin (z, y, x) mm.

    origin: centre of voxel 0.
    """

    seed: int
    age: float
    sex: Literal["M", "F"]
    hu: Array = field(repr=False)
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    kvp: int
    kernel: str  #: as scanners name it, of our own making
    contrast: bool
    simulator: str  #: version
    part: BodyPart = CHEST


def write_ct(
    folder: Path,
    scan: CtScan,
    *,
    patient: PhantomPatient,
    study_instance_uid: str,
    acquired: datetime,
    accession_number: str = "",
    study_description: str = "CT chest",
    series_number: int = 1,
) -> list[FileDataset]:
    """Write the slices to folder/0001.dcm and so on, feet to head, and return their data sets.

    Explicit VR Little Endian, 12 bits, Hounsfield units by rescale slope 1 and intercept -1024. UIDs follow from the
    study's UID and the series number: writing twice gives the same files.

    Raises
    ------
    ValueError
        If a value of the volume does not fit in 12 bits.
    """
    stored = np.round(scan.hu).astype(np.int32) - LOWEST
    if stored.min() < 0 or stored.max() >= 2**BITS:
        raise ValueError(f"HU must lie in {LOWEST}..{2**BITS - 1 + LOWEST}, got {scan.hu.min()}..{scan.hu.max()}")
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for index, pixels in enumerate(stored.astype("<u2")):
        ds = _slice(scan, index, study_instance_uid, series_number)
        ds.AccessionNumber, ds.StudyDescription = accession_number, study_description
        identify(ds, scan, patient, acquired)
        tell_times(ds, acquired)
        data = pixels.tobytes()
        ds.PixelData = data if len(data) % 2 == 0 else data + b"\0"
        ds.save_as(folder / f"{index + 1:04d}.dcm", enforce_file_format=True)
        out.append(ds)
    return out


def uid(study_instance_uid: str, *what: str) -> str:
    """A UID that follows from the study's and from what it names."""
    return str(generate_uid(prefix="2.25.", entropy_srcs=[study_instance_uid, *what]))


def _slice(scan: CtScan, index: int, study: str, series_number: int) -> FileDataset:
    series = uid(study, "ct series", str(series_number))
    sop = uid(series, "instance", str(index))
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(CT_IMAGE), UID(sop)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = CT_IMAGE, sop, study, series
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber, ds.AcquisitionNumber = "CT", series_number, index + 1, 1
    ds.SeriesDescription = f"{scan.part.name} {scan.spacing[0]:g} mm {scan.kernel}, simulated"
    tell_equipment(ds, scan.seed, scan.simulator, scan.part)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.ImageComments = "Simulated CT of a digital phantom. No patient."
    ds.KVP, ds.ConvolutionKernel, ds.PatientPosition = str(scan.kvp), scan.kernel, "HFS"
    if scan.contrast:
        ds.ContrastBolusAgent = "Simulated contrast agent"
    _plane(ds, scan, index, uid(study, "frame of reference"))
    _pixels(ds, scan)
    return ds


def _plane(ds: FileDataset, scan: CtScan, index: int, frame_of_reference: str) -> None:
    """Where the slice lies: axial, rows to the left, columns to the back."""
    dz, dy, dx = scan.spacing
    z0, y0, x0 = scan.origin
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = frame_of_reference, ""
    ds.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    ds.ImagePositionPatient = [f"{value:.6g}" for value in (x0, y0, z0 + index * dz)]
    ds.PixelSpacing = [f"{dy:.6g}", f"{dx:.6g}"]
    ds.SliceThickness, ds.SliceLocation = f"{dz:.6g}", f"{z0 + index * dz:.6g}"


def _pixels(ds: FileDataset, scan: CtScan) -> None:
    ds.Rows, ds.Columns = scan.hu.shape[1:]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, BITS, BITS - 1, 0
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = str(LOWEST), "1", "HU"
    windows = WINDOWS[scan.part.examined]
    ds.WindowCenter, ds.WindowWidth = [w[0] for w in windows], [w[1] for w in windows]
    ds.WindowCenterWidthExplanation = [w[2] for w in windows]
    ds.LossyImageCompression = "00"
