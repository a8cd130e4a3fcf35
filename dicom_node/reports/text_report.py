"""The result in words as a Basic Text SR (PS3.3 A.35.1), for archives and viewers that do not show TID 1500.

Every value, conclusion and reserve is a line of text. Its title is not that of an imaging measurement report: viewers
that look for measurements would find none here.
"""

from collections.abc import Iterator

from pydicom.dataset import Dataset
from pydicom.uid import BasicTextSRStorage

from dicom_node.reports import content, document
from dicom_node.reports.content import dcm
from dicom_node.reports.frame import Frame, Place, encode, new_object
from dicom_node.reports.wording import interval_text, value_text, weights_text
from screening.codes import PRIVATE_SCHEME, CodedName
from screening.findings import Findings, Measurement
from screening.reports import ObjectKind, ReportObject

PLACE = Place(
    kind=ObjectKind.TEXT_SR,
    role="text",
    sop_class_uid=str(BasicTextSRStorage),
    modality="SR",
    series="text",
    series_offset=5,
)
TITLE = CodedName(
    value="TEXTRESULT", scheme=PRIVATE_SCHEME, meaning="AI screening result in words (not a diagnostic report)"
)
FINDING = dcm("121071", "Finding")


def build_text_report(frame: Frame) -> ReportObject:
    """The report in words of an outcome.

    Raises
    ------
    BadHeader
        If a region lies on an image that is not among the sources.
    """
    dataset = new_object(frame, PLACE)
    dataset.update(content.container(TITLE, _items(frame), relationship=None))
    document.complete(dataset, frame)
    document.refer(dataset, frame, document.sources(frame))
    return encode(dataset, PLACE)


def _items(frame: Frame) -> Iterator[Dataset]:
    card, outcome = frame.request.card, frame.request.outcome
    yield document.language()
    yield from document.observer(frame)
    yield document.procedure(frame)
    yield from document.conclusion(frame)
    if isinstance(outcome, Findings):
        for line in _lines(outcome):
            yield content.text(FINDING, line)
    yield from document.comments(frame)
    model = f"{card.name} {card.version}, weights {weights_text(card.weights_sha256)}, evidence: {card.evidence.value}"
    yield content.text(dcm("111001", "Algorithm Name"), model)
    if isinstance(outcome, Findings):
        shown = [region.sop_instance_uid for group in outcome.groups for region in group.regions]
    else:
        shown = [outcome.sop_instance_uid or frame.request.chosen.sop_instance_uids[0]]
    for sop_instance_uid in dict.fromkeys(shown):
        yield content.image(frame.subject.source(sop_instance_uid))


def _lines(findings: Findings) -> Iterator[str]:
    """Each value and each answer with where it was found; a place that is only marked is a line too."""
    for group in findings.groups:
        told = [f"{measurement.title}: {_value(measurement)}" for measurement in group.measurements]
        told += [f"{answer.name.meaning}: {answer.value.meaning}" for answer in group.qualitative]
        for text in told or [group.finding.meaning]:
            yield f"{group.tracking_identifier}: {text}"


def _value(measurement: Measurement) -> str:
    interval = interval_text(measurement)
    return f"{value_text(measurement)} (interval {interval})" if interval else value_text(measurement)
