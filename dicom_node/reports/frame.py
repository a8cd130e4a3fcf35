"""What every result object has in common: patient, study, series, equipment, identity and encoding."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from io import BytesIO

from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from dicom_node.reports.normalise import Subject, code_item
from dicom_node.reports.request import ReportRequest
from dicom_node.reports.uids import IMPLEMENTATION_CLASS_UID, ReportUids
from screening.card import Evidence
from screening.codes import PRIVATE_SCHEME, CodedName
from screening.reports import ObjectKind, ReportObject

MANUFACTURER = "Opportune"
MODEL_NAME = "Opportune screening node"
"""Manufacturer's Model Name (0008,1090) of everything we make; what bears it is never screened again."""

PROCESSING_EQUIPMENT = CodedName(value="109102", scheme="DCM", meaning="Processing Equipment")  # CID 7005
_LONG = 64  # characters of VR LO


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """A request with its mended headers and its UIDs."""

    request: ReportRequest
    subject: Subject
    uids: ReportUids

    @property
    def time(self) -> datetime:
        """When the model ran, on the clock of the source's header where it names its offset from UTC."""
        offset = self.subject.timezone
        if offset is None:
            return self.request.inferred_at
        minutes = int(offset[1:3]) * 60 + int(offset[3:5])
        return self.request.inferred_at.astimezone(
            timezone(timedelta(minutes=minutes * (-1 if offset[0] == "-" else 1)))
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where an object stands in its study."""

    kind: ObjectKind
    role: str  #: unique within a report
    sop_class_uid: str
    modality: str
    series: str  #: role of the series, and what its description says
    series_offset: int  #: added to the card's series_base
    instance_number: int = 1


def new_object(frame: Frame, place: Place) -> Dataset:
    """A data set with the modules that all our objects share (PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.7.5.1, C.12.1)."""
    dataset = Dataset()
    dataset.update(frame.subject.header)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = place.sop_class_uid
    dataset.SOPInstanceUID = frame.uids.of(f"instance/{place.role}")
    dataset.SeriesInstanceUID = frame.uids.of(f"series/{place.series}")
    dataset.SeriesNumber = frame.request.card.series_base + place.series_offset
    dataset.InstanceNumber = place.instance_number
    dataset.Modality = place.modality
    dataset.SeriesDescription = series_description(frame.request, place.series)
    _stamp_time(dataset, frame)
    _equip(dataset, frame)
    scheme = Dataset()
    scheme.CodingSchemeDesignator = PRIVATE_SCHEME
    scheme.CodingSchemeName = "Opportune private codes"
    scheme.CodingSchemeVersion = "1"
    scheme.CodingSchemeResponsibleOrganization = MANUFACTURER
    dataset.CodingSchemeIdentificationSequence = [scheme]
    return dataset


def series_description(request: ReportRequest, what: str) -> str:
    """`AI <title> - <what> (research)`, cut at a word so that it fits VR LO."""
    proven = "unverified" if request.card.evidence is Evidence.SITE_VALIDATED else "research"
    return f"AI {shorten(request.card.title, _LONG - len(f'AI  - {what} ({proven})'))} - {what} ({proven})"


def shorten(text: str, limit: int) -> str:
    """The text, or as many whole words of it as fit with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]  # one more than can stay: it may be the space behind a whole word
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut[:-1]).rstrip(" ,;:-") + ".."


def encode(dataset: Dataset, place: Place) -> ReportObject:
    """The finished object as a PS3.10 file in Explicit VR Little Endian."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(place.sop_class_uid)
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = f"OPPORTUNE_{dataset.SoftwareVersions}"[:16]  # VR SH
    dataset.file_meta = meta
    buffer = BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return ReportObject(
        kind=place.kind,
        role=place.role,
        sop_class_uid=place.sop_class_uid,
        sop_instance_uid=str(dataset.SOPInstanceUID),
        series_instance_uid=str(dataset.SeriesInstanceUID),
        encoded=buffer.getvalue(),
    )


def _stamp_time(dataset: Dataset, frame: Frame) -> None:
    day, clock = frame.time.strftime("%Y%m%d"), frame.time.strftime("%H%M%S")
    for name in ("Series", "Content", "InstanceCreation"):
        setattr(dataset, f"{name}Date", day)
        setattr(dataset, f"{name}Time", clock)
    # (0008,0201) holds for every time of the object (PS3.3 C.12.1.1.8), the copied study time among them: we may
    # only repeat what the source says, or we would shift that time
    if frame.subject.timezone is not None:
        dataset.TimezoneOffsetFromUTC = frame.subject.timezone


def _equip(dataset: Dataset, frame: Frame) -> None:
    """We are the equipment; the algorithm contributes (IHE AIR 6.5.3.1: purpose, maker, model, version, Device UID)."""
    card = frame.request.card
    dataset.Manufacturer = MANUFACTURER
    dataset.ManufacturerModelName = MODEL_NAME
    dataset.DeviceSerialNumber = serial_number(frame.request)
    dataset.SoftwareVersions = frame.request.software_version[:_LONG]
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = [code_item(PROCESSING_EQUIPMENT)]
    item.Manufacturer = MANUFACTURER
    item.ManufacturerModelName = card.name[:_LONG]
    item.SoftwareVersions = [card.version[:_LONG], f"weights {card.weights_sha256[:16]}"]
    item.DeviceUID = frame.uids.device
    item.ContributionDateTime = frame.time.strftime("%Y%m%d%H%M%S%z")
    item.ContributionDescription = f"{card.title}. {card.banner}"[:1024]
    dataset.ContributingEquipmentSequence = [item]


def serial_number(request: ReportRequest) -> str:
    """Software has no serial number; the weights are what tells one copy of a model from another."""
    return f"weights-{request.card.weights_sha256[:16]}"
