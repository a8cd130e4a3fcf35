"""A phantom's radiograph as a DICOM file: Digital X-Ray for presentation (PS3.3 A.26) or Computed Radiography (A.2)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from training.phantoms.canvas import Array
from training.phantoms.chest.phantom import SIMULATOR_VERSION

COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"
DIGITAL_X_RAY_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1"
BITS = 12
ORIENTATION = {"PA": ["L", "F"], "AP": ["L", "F"], "LL": ["P", "F"], "RL": ["A", "F"]}
"""Direction of rows, of columns: PS3.3 C.7.6.1.1.1."""


class Aged(Protocol):
    """Someone of whom the age is known."""

    @property
    def age(self) -> float:
        """In years."""


class Subject(Aged, Protocol):
    """Whom a phantom shows."""

    @property
    def seed(self) -> int:
        """What it was drawn from."""

    @property
    def sex(self) -> Literal["M", "F"]:
        """As in Patient's Sex."""


class Phantom(Subject, Protocol):
    """What a phantom of any kind says of its picture."""

    @property
    def view(self) -> Literal["PA", "AP", "LL", "RL"]:
        """As in View Position."""

    @property
    def pixels(self) -> Array:
        """(rows, columns) in 0..1, bright is dense."""

    @property
    def spacing(self) -> tuple[float, float]:
        """Between rows, between columns, mm in the detector plane."""


@dataclass(frozen=True, kw_only=True)
class BodyPart:
    """What a picture shows, in the words of the Standard."""

    name: str  #: in descriptions
    examined: str  #: Body Part Examined (PS3.16 Annex L)
    code: str  #: in SNOMED CT
    meaning: str  #: of the code
    model: str  #: Manufacturer's Model Name of the phantom


CHEST = BodyPart(name="Chest", examined="CHEST", code="816094009", meaning="Chest", model="Digital chest phantom")
LUMBAR_SPINE = BodyPart(
    name="Lumbar spine", examined="LSPINE", code="122496007", meaning="Lumbar spine", model="Digital spine phantom"
)


@dataclass(frozen=True, kw_only=True)
class PhantomPatient:
    """The identity that a phantom goes by. All of it is made up."""

    patient_id: str
    name: str = field(repr=False)
    birth_date: date | None = field(repr=False)  #: None leaves birth date and age empty


def birth_date_of(phantom: Aged, examined: date) -> date:
    """A birth date that makes the phantom as old as it is drawn on the day of the examination."""
    return date.fromordinal(examined.toordinal() - round(phantom.age * 365.2425) - 1)


def age_string(born: date, examined: date) -> str:
    """Age as PS3.5 6.2 writes it (VR AS: three digits and D, W, M or Y): the coarsest unit that a ward would use.

    Days in the first four weeks, weeks to three months, months to two years, then years; the Standard leaves the
    choice open, only three digits must do. Months and years are counted by the calendar.

    Raises
    ------
    ValueError
        If the examination lies before the birth.
    """
    days = (examined - born).days
    if days < 0:
        raise ValueError("examined before the birth")
    months = 12 * (examined.year - born.year) + examined.month - born.month - (examined.day < born.day)
    if days < 28:
        return f"{days:03d}D"
    if months < 3:
        return f"{days // 7:03d}W"
    if months < 24:
        return f"{months:03d}M"
    return f"{months // 12:03d}Y"


def write_radiograph(
    path: Path,
    phantom: Phantom,
    *,
    patient: PhantomPatient,
    study_instance_uid: str,
    acquired: datetime,
    modality: Literal["DX", "CR"] = "DX",
    accession_number: str = "",
    study_description: str = "Chest",
    series_instance_uid: str | None = None,
    sop_instance_uid: str | None = None,
    series_number: int = 1,
    instance_number: int = 1,
    simulator: str = SIMULATOR_VERSION,
    part: BodyPart = CHEST,
    orientation: Sequence[str] | None = None,
) -> Dataset:
    """Write the phantom to `path` (Explicit VR Little Endian, 12 bits, MONOCHROME2) and return the data set.

    UIDs that are not given follow from the study's UID, the seed and the view: writing twice gives the same file.
    orientation: Patient Orientation, where it is not the usual one of the view.
    """
    series = series_instance_uid or _uid(study_instance_uid, "series", phantom, modality)
    sop = sop_instance_uid or _uid(study_instance_uid, "instance", phantom, modality)
    sop_class = DIGITAL_X_RAY_PRESENTATION if modality == "DX" else COMPUTED_RADIOGRAPHY
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(sop)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, sop
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study_instance_uid, series
    ds.AccessionNumber, ds.StudyDescription, ds.Modality = accession_number, study_description, modality
    ds.SeriesNumber, ds.InstanceNumber = series_number, instance_number
    ds.SeriesDescription = f"{part.name} {phantom.view}"
    identify(ds, phantom, patient, acquired)
    tell_times(ds, acquired)
    tell_equipment(ds, phantom.seed, simulator, part)
    ds.ViewPosition, ds.PatientOrientation = phantom.view, list(orientation or ORIENTATION[phantom.view])
    ds.ImageComments = "Simulated radiograph of a digital phantom. No patient."
    if modality == "CR":
        ds.PlateID = "1"
    _image(ds, phantom)
    if modality == "DX":
        _digital_x_ray(ds, phantom, part)
    ds.save_as(path, enforce_file_format=True)
    return ds


def _uid(study_instance_uid: str, what: str, phantom: Phantom, modality: str) -> str:
    entropy = [study_instance_uid, what, str(phantom.seed), phantom.view, modality]
    return str(generate_uid(prefix="2.25.", entropy_srcs=entropy))


def identify(ds: Dataset, subject: Subject, patient: PhantomPatient, acquired: datetime) -> None:
    """Patient and study of an object of any kind."""
    ds.PatientName, ds.PatientID, ds.PatientSex = patient.name, patient.patient_id, subject.sex
    ds.PatientBirthDate = "" if patient.birth_date is None else patient.birth_date.strftime("%Y%m%d")
    if patient.birth_date is not None:
        ds.PatientAge = age_string(patient.birth_date, acquired.date())
    ds.ReferringPhysicianName, ds.StudyID = "", "1"


def tell_times(ds: Dataset, acquired: datetime) -> None:
    """When it was made: one moment for all."""
    day, time = acquired.strftime("%Y%m%d"), acquired.strftime("%H%M%S")
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = day
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = time


def tell_equipment(ds: Dataset, seed: int, simulator: str, part: BodyPart) -> None:
    """What made it, and that it is no patient's."""
    ds.Manufacturer, ds.ManufacturerModelName = "Simulator", part.model
    ds.SoftwareVersions, ds.DeviceSerialNumber = simulator, str(seed)
    ds.BodyPartExamined = part.examined
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.BurnedInAnnotation = "NO"


def _image(ds: Dataset, phantom: Phantom) -> None:
    top = 2**BITS - 1
    values = np.round(phantom.pixels * top).astype("<u2")
    ds.Rows, ds.Columns = values.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, BITS, BITS - 1, 0
    ds.ImagerPixelSpacing = [f"{value:.6g}" for value in phantom.spacing]
    ds.WindowCenter, ds.WindowWidth = str((top + 1) // 2), str(top + 1)
    ds.LossyImageCompression = "00"
    data = values.tobytes()
    ds.PixelData = data if len(data) % 2 == 0 else data + b"\0"


def _digital_x_ray(ds: Dataset, phantom: Phantom, part: BodyPart) -> None:
    """What the DX Series, Image, Detector, Anatomy and Positioning modules need (PS3.3 C.8.11)."""
    ds.PresentationIntentType = "FOR PRESENTATION"
    ds.PresentationLUTShape = "IDENTITY"
    ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign = "LOG", 1
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    ds.DetectorType = "DIRECT"
    ds.ImageLaterality = "U"
    ds.AnatomicRegionSequence = [code(part.code, "SCT", part.meaning)]
    view = {
        "PA": ("399348003", "SCT", "postero-anterior"),
        "AP": ("399067008", "SCT", "antero-posterior"),
        "LL": ("399173006", "SCT", "left lateral"),
        "RL": ("399198007", "SCT", "right lateral"),
    }[phantom.view]
    ds.ViewCodeSequence = [code(*view)]
    ds.ViewCodeSequence[0].ViewModifierCodeSequence = []
    ds.PositionerType = "NONE"
    ds.AcquisitionContextSequence = []


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """An item of a code sequence (PS3.3 8.8)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item
