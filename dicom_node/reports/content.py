"""Content items of a structured report (PS3.3 C.17.3), each as the item of its parent's Content Sequence.

Only by-value relationships and 2-D coordinates are used, so that the same tree is legal in Enhanced, Comprehensive and
Comprehensive 3D SR.
"""

from collections.abc import Iterable, Sequence

from pydicom.dataset import Dataset

from dicom_node.reports.normalise import Source, code_item
from screening.codes import CodedName
from screening.findings import Region

CONTAINS, HAS_CONCEPT_MOD, HAS_OBS_CONTEXT = "CONTAINS", "HAS CONCEPT MOD", "HAS OBS CONTEXT"
HAS_PROPERTIES, SELECTED_FROM = "HAS PROPERTIES", "SELECTED FROM"

_DS_CHARACTERS = 16  # VR DS, PS3.5 table 6.2-1


def dcm(value: str, meaning: str) -> CodedName:
    """A code of the DICOM Controlled Terminology (PS3.16 annex D)."""
    return CodedName(value=value, scheme="DCM", meaning=meaning)


def container(
    name: CodedName, items: Iterable[Dataset], *, template: str | None = None, relationship: str | None = CONTAINS
) -> Dataset:
    """A CONTAINER; relationship None makes it the root."""
    item = _item("CONTAINER", name, relationship)
    item.ContinuityOfContent = "SEPARATE"
    if template is not None:
        identification = Dataset()
        identification.MappingResource, identification.TemplateIdentifier = "DCMR", template
        item.ContentTemplateSequence = [identification]
    item.ContentSequence = list(items)
    return item


def code(name: CodedName, value: CodedName, relationship: str = CONTAINS) -> Dataset:
    """A CODE: a coded answer."""
    item = _item("CODE", name, relationship)
    item.ConceptCodeSequence = [code_item(value)]
    return item


def text(name: CodedName, value: str, relationship: str = CONTAINS) -> Dataset:
    """A TEXT."""
    item = _item("TEXT", name, relationship)
    item.TextValue = value
    return item


def uid_reference(name: CodedName, value: str, relationship: str = HAS_OBS_CONTEXT) -> Dataset:
    """A UIDREF."""
    item = _item("UIDREF", name, relationship)
    item.UID = value
    return item


def number(
    name: CodedName, value: float, unit: CodedName, items: Sequence[Dataset] = (), relationship: str = CONTAINS
) -> Dataset:
    """A NUM with its unit."""
    measured = Dataset()
    measured.MeasurementUnitsCodeSequence = [code_item(unit)]
    measured.NumericValue = decimal_string(value)
    item = _item("NUM", name, relationship)
    item.MeasuredValueSequence = [measured]
    if items:
        item.ContentSequence = list(items)
    return item


def image(source: Source, name: CodedName | None = None, relationship: str = CONTAINS) -> Dataset:
    """An IMAGE."""
    item = Dataset()
    item.RelationshipType, item.ValueType = relationship, "IMAGE"
    if name is not None:
        item.ConceptNameCodeSequence = [code_item(name)]
    item.ReferencedSOPSequence = [reference(source)]
    return item


def region(name: CodedName, place: Region, source: Source, purpose: CodedName) -> Dataset:
    """An SCOORD selected from its image; points outside of the image are moved onto its edge."""
    item = _item("SCOORD", name, CONTAINS)
    item.GraphicType = place.graphic_type
    item.GraphicData = [
        float(coordinate)
        for column, row in place.points
        for coordinate in (min(max(column, 0.0), source.columns), min(max(row, 0.0), source.rows))
    ]
    item.ContentSequence = [image(source, purpose, SELECTED_FROM)]
    return item


def reference(source: Source) -> Dataset:
    """An item of Referenced SOP Sequence (PS3.3 table 10-11)."""
    item = Dataset()
    item.ReferencedSOPClassUID = source.sop_class_uid
    item.ReferencedSOPInstanceUID = source.sop_instance_uid
    return item


def decimal_string(value: float) -> str:
    """A number as VR DS: at most 16 characters, no exponent where it can be helped."""
    for digits in range(9, -1, -1):
        plain = f"{value:.{digits}f}"
        if len(plain) <= _DS_CHARACTERS:
            plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
            if float(plain) != 0 or value == 0:
                return "0" if plain == "-0" else plain
            break
    return f"{value:.8e}"


def _item(value_type: str, name: CodedName, relationship: str | None) -> Dataset:
    item = Dataset()
    if relationship is not None:
        item.RelationshipType = relationship
    item.ValueType = value_type
    item.ConceptNameCodeSequence = [code_item(name)]
    return item
