"""Real headers, mended: what identifies patient and study is copied; what is malformed becomes empty, never invented.

Text is decoded with the source's own character set and written as UTF-8 (ISO_IR 192). A header that cannot be matched
to a patient and study is refused, because a result filed under the wrong patient is worse than none.
"""

import math
import re
import threading
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pydicom.config
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from screening.codes import CodedName
from screening.errors import BadHeader
from screening.patient import parse_date
from screening.types import is_uid

_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d)?([0-5]\d)?(\.\d{1,6})?")  # VR TM, PS3.5 table 6.2-1
_AGE = re.compile(r"\d{3}[DWMY]")
_OFFSET = re.compile(r"[+-](0\d|1[0-4])[0-5]\d")
_DIRECTION = re.compile(r"[APRLHF]{1,3}")  # PS3.3 C.7.6.1.1.1, bipeds
_SHORT, _LONG = 16, 64  # characters of VR SH and LO

_PROCESS_WIDE = threading.RLock()
"""Filters of warnings and pydicom's settings are of the whole process: two threads would put back each other's."""
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, NotImplementedError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One source instance, as reports refer to it."""

    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    rows: int
    columns: int
    modality: str
    patient_orientation: tuple[str, str] | None
    laterality: str | None  #: R, L, U (unpaired) or B (both)
    lossy: bool  #: its pixels were once compressed with loss


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """Whom and what the sources show.

    header: the Patient and General Study modules (PS3.3 C.7.1.1, C.7.2.1), ready to be copied into a new object.
    procedure: the imaging procedure, when the source codes it. request: see `referenced_request`.
    """

    header: Dataset
    sources: tuple[Source, ...]
    procedure: CodedName | None
    request: Dataset | None
    timezone: str | None  #: TimezoneOffsetFromUTC (0008,0201)

    @property
    def study_instance_uid(self) -> str:
        """The study that the report belongs to."""
        return str(self.header.StudyInstanceUID)

    def source(self, sop_instance_uid: str) -> Source:
        """The source of that UID.

        Raises
        ------
        BadHeader
            If there is none: a result must not point at an image that was not handed in.
        """
        for source in self.sources:
            if source.sop_instance_uid == sop_instance_uid:
                return source
        raise BadHeader(f"instance {sop_instance_uid} is referred to, but is not among the sources of the report")


def normalise(datasets: Iterable[Dataset]) -> Subject:
    """Patient, study and references of the source instances.

    Raises
    ------
    BadHeader
        If an instance has no valid UIDs or no Patient ID, or the instances are not of one patient and one study.
    """
    first, *others = datasets
    header = _header(first)
    for other in others:
        name = _required_uid(other, "SOPInstanceUID")
        if _required_uid(other, "StudyInstanceUID") != header.StudyInstanceUID:
            raise BadHeader(f"instance {name} is of another study than the other sources of the report")
        if _patient_id(other) != header.PatientID:
            raise BadHeader(f"instance {name} has another Patient ID than the other sources of the report")
    offset = _text(first, "TimezoneOffsetFromUTC", _SHORT)
    codes = list(_codes(first, "ProcedureCodeSequence"))
    return Subject(
        header=header,
        sources=tuple(_source(dataset) for dataset in (first, *others)),
        procedure=codes[0] if codes else None,
        request=_referenced_request(first, header),
        timezone=offset if _OFFSET.fullmatch(offset) else None,
    )


def code_item(code: CodedName) -> Dataset:
    """A code as an item of a code sequence (PS3.3 table 8.8-1)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme, code.meaning
    return item


def numbers_of(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """The values of an element as finite numbers; none when one of them is not."""
    try:
        found = tuple(float(str(value)) for value in _values(dataset, keyword))
    except ValueError:
        return ()
    return found if all(math.isfinite(value) for value in found) else ()


def uid_in(dataset: Dataset, keyword: str) -> str | None:
    """The UID that an element holds, or None."""
    found = _strings(dataset, keyword)
    return found[0] if len(found) == 1 and is_uid(found[0]) else None


def text_of(dataset: Dataset, keyword: str) -> str:
    """The first value of an element as text, or an empty string."""
    return _text(dataset, keyword, _LONG)


def _header(dataset: Dataset) -> Dataset:
    header = Dataset()
    header.PatientID = _patient_id(dataset)
    header.PatientName = _person(dataset, "PatientName")
    header.PatientBirthDate = _date(dataset, "PatientBirthDate")
    sex = _text(dataset, "PatientSex", _SHORT).upper()
    # an unknown sex is empty (type 2); "O" would tell the PACS something that nobody said
    header.PatientSex = sex if sex in ("M", "F", "O") else ""
    header.StudyInstanceUID = _required_uid(dataset, "StudyInstanceUID")
    header.StudyDate, header.StudyTime = _date(dataset, "StudyDate"), _time(dataset, "StudyTime")
    header.ReferringPhysicianName = _person(dataset, "ReferringPhysicianName")
    # cut identifiers would name another order: too long ones are left out
    header.StudyID = _identifier(dataset, "StudyID")
    header.AccessionNumber = _identifier(dataset, "AccessionNumber")
    age = _text(dataset, "PatientAge", _SHORT).upper()
    optional = {
        "PatientAge": age if _AGE.fullmatch(age) else "",
        "IssuerOfPatientID": _text(dataset, "IssuerOfPatientID", _LONG),
        "StudyDescription": _text(dataset, "StudyDescription", _LONG),
    }
    for keyword, value in optional.items():
        if value:
            setattr(header, keyword, value)
    method = _text(dataset, "DeidentificationMethod", _LONG)
    if _text(dataset, "PatientIdentityRemoved", _SHORT).upper() == "YES" and method:
        header.PatientIdentityRemoved, header.DeidentificationMethod = "YES", method
    return header


def _source(dataset: Dataset) -> Source:
    directions = tuple(str(v).strip().upper() for v in _values(dataset, "PatientOrientation"))
    known = len(directions) == 2 and all(_DIRECTION.fullmatch(direction) for direction in directions)
    sides = [_text(dataset, keyword, _SHORT).upper() for keyword in ("ImageLaterality", "Laterality")]
    sides = [side for side in sides if side in ("R", "L", "U", "B")]
    return Source(
        sop_class_uid=_required_uid(dataset, "SOPClassUID"),
        sop_instance_uid=_required_uid(dataset, "SOPInstanceUID"),
        series_instance_uid=_required_uid(dataset, "SeriesInstanceUID"),
        rows=_size(dataset, "Rows"),
        columns=_size(dataset, "Columns"),
        modality=_text(dataset, "Modality", _SHORT).upper(),
        patient_orientation=(directions[0], directions[1]) if known else None,
        laterality=sides[0] if sides else None,
        lossy=_text(dataset, "LossyImageCompression", _SHORT) == "01",
    )


def _referenced_request(dataset: Dataset, header: Dataset) -> Dataset | None:
    """An item of Referenced Request Sequence (PS3.3 C.17.2), or None when the source tells of no request."""
    for attributes in _items(dataset, "RequestAttributesSequence"):
        procedure_id = _identifier(attributes, "RequestedProcedureID")
        if not procedure_id:
            continue
        item = Dataset()
        item.StudyInstanceUID = header.StudyInstanceUID
        item.ReferencedStudySequence = []
        item.AccessionNumber = header.AccessionNumber
        item.PlacerOrderNumberImagingServiceRequest = ""
        item.FillerOrderNumberImagingServiceRequest = ""
        item.RequestedProcedureID = procedure_id
        item.RequestedProcedureDescription = _text(attributes, "RequestedProcedureDescription", _LONG)
        item.RequestedProcedureCodeSequence = [
            code_item(code) for code in _codes(attributes, "RequestedProcedureCodeSequence")
        ]
        return item
    return None


def _values(dataset: Dataset, keyword: str) -> list[object]:
    """Every value of an element, decoded; none when it is absent, empty or cannot be read."""
    with _PROCESS_WIDE, warnings.catch_warnings(), pydicom.config.disable_value_validation():
        warnings.simplefilter("ignore")  # a malformed value is expected here and answered by leaving it out
        try:
            value = dataset[keyword].value if keyword in dataset else None
        except _UNREADABLE:
            return []
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, MultiValue | list | Sequence) else [value]


def _items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence."""
    return [item for item in _values(dataset, keyword) if isinstance(item, Dataset)]


def _strings(dataset: Dataset, keyword: str) -> list[str]:
    with _PROCESS_WIDE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [_printable(str(value)) for value in _values(dataset, keyword)]


def _printable(text: str) -> str:
    """The text without control characters (PS3.5 6.1.3), halves of characters (not writable) and padding."""
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs")).strip()


def _text(dataset: Dataset, keyword: str, limit: int) -> str:
    found = _strings(dataset, keyword)
    return found[0][:limit].strip() if found else ""


def _identifier(dataset: Dataset, keyword: str) -> str:
    found = _strings(dataset, keyword)
    return found[0] if len(found) == 1 and len(found[0]) <= _SHORT else ""


def _patient_id(dataset: Dataset) -> str:
    found = _strings(dataset, "PatientID")
    if len(found) != 1 or not found[0] or len(found[0]) > _LONG:
        problem = "no Patient ID" if not found or not found[0] else "a malformed Patient ID"
        raise BadHeader(
            f"instance {_required_uid(dataset, 'SOPInstanceUID')} has {problem}: "
            "an object that cannot be matched to a patient must not be sent"
        )
    return found[0]


def _person(dataset: Dataset, keyword: str) -> str:
    """A person's name within the limits of VR PN: three groups of five components, 64 characters a group."""
    found = _strings(dataset, keyword)
    groups = found[0].split("=")[:3] if found else []
    return "=".join("^".join(group.split("^")[:5])[:_LONG] for group in groups).rstrip("=")


def _date(dataset: Dataset, keyword: str) -> str:
    text = _text(dataset, keyword, _LONG)
    text = text.replace(".", "") if re.fullmatch(r"\d{4}\.\d\d\.\d\d", text) else text  # ACR-NEMA 2.0 form
    return text if parse_date(text) is not None else ""


def _time(dataset: Dataset, keyword: str) -> str:
    text = _text(dataset, keyword, _LONG)
    text = text.replace(":", "") if re.fullmatch(r"\d\d:\d\d:\d\d(\.\d+)?", text) else text  # ACR-NEMA 2.0 form
    match = _TIME.fullmatch(text)
    return text if match and not (match[4] and not match[3]) else ""


def _required_uid(dataset: Dataset, keyword: str) -> str:
    found = _strings(dataset, keyword)
    if len(found) != 1 or not is_uid(found[0]):
        raise BadHeader(f"{keyword} of a source is missing or is no UID (PS3.5 9.1): a result cannot refer to it")
    return found[0]


def _size(dataset: Dataset, keyword: str) -> int:
    found = _values(dataset, keyword)
    if len(found) != 1 or not isinstance(found[0], int) or found[0] < 1:
        raise BadHeader(f"{keyword} of instance {_required_uid(dataset, 'SOPInstanceUID')} is missing or no size")
    return found[0]


def _codes(dataset: Dataset, keyword: str) -> Iterator[CodedName]:
    """The well-formed codes of a code sequence."""
    for item in _items(dataset, keyword):
        parts = [_strings(item, name) for name in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")]
        try:
            value, scheme, meaning = (part[0] for part in parts)
            yield CodedName(value=value, scheme=scheme, meaning=meaning)
        except (IndexError, ValueError):
            continue
