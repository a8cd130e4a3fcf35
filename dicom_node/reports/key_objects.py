"""What to look at as a Key Object Selection (PS3.3 A.35.4, PS3.16 TID 2010): the image and our pictures of it.

The title is "For Research": "Of Interest" looks like a flag that a person has set.
"""

from collections.abc import Sequence

from pydicom.dataset import Dataset
from pydicom.uid import KeyObjectSelectionDocumentStorage

from dicom_node.reports import content, document
from dicom_node.reports.content import dcm
from dicom_node.reports.frame import Frame, Place, encode, new_object
from screening.findings import Findings
from screening.reports import ObjectKind, ReportObject

PLACE = Place(
    kind=ObjectKind.KOS,
    role="key-objects",
    sop_class_uid=str(KeyObjectSelectionDocumentStorage),
    modality="KO",
    series="key objects",
    series_offset=4,
)
FOR_RESEARCH = dcm("113009", "For Research")  # CID 7010


def build_key_objects(frame: Frame, pictures: Sequence[ReportObject]) -> ReportObject:
    """Point at the image that the findings are told on, and at our pictures.

    Raises
    ------
    ValueError
        If the outcome holds no findings: there is nothing to look at.
    BadHeader
        If the image is not among the sources.
    """
    outcome = frame.request.outcome
    if not isinstance(outcome, Findings):
        raise ValueError("outcome must be findings")
    picture = frame.request.picture
    shown = picture.sop_instance_uid if picture else outcome.shown or outcome.groups[0].region.sop_instance_uid
    source = frame.subject.source(shown)
    evidence = [(source.series_instance_uid, content.reference(source))]
    evidence += [(item.series_instance_uid, _reference(item)) for item in pictures]
    words = f"AI-selected, unverified. {frame.request.card.banner}. {outcome.conclusion}"
    dataset = new_object(frame, PLACE)
    items = [
        document.language(),
        *document.observer(frame),
        content.text(dcm("113012", "Key Object Description"), words),
        *(_image(reference) for _, reference in evidence),
    ]
    dataset.update(content.container(FOR_RESEARCH, items, template="2010", relationship=None))
    document.refer(dataset, frame, evidence)
    return encode(dataset, PLACE)


def _reference(item: ReportObject) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = item.sop_class_uid
    reference.ReferencedSOPInstanceUID = item.sop_instance_uid
    return reference


def _image(reference: Dataset) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = content.CONTAINS, "IMAGE"
    item.ReferencedSOPSequence = [reference]
    return item
