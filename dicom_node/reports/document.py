"""What our documents share: the structured report, the report in words and the key objects."""

from collections.abc import Iterable, Iterator

from pydicom.dataset import Dataset
from pydicom.uid import BasicTextSRStorage

from dicom_node.reports import content
from dicom_node.reports.content import HAS_CONCEPT_MOD, HAS_OBS_CONTEXT, dcm
from dicom_node.reports.frame import MANUFACTURER, MODEL_NAME, Frame, serial_number
from dicom_node.reports.wording import NO_VALUE, needs_text, own_notes
from screening.codes import PRIVATE_SCHEME, CodedName
from screening.findings import NotEvaluable

REASON_CODE = CodedName(value="REASONCODE", scheme=PRIVATE_SCHEME, meaning="Reason code")
CONCLUSION, COMMENT = dcm("121077", "Conclusion"), dcm("121106", "Comment")
_ENGLISH = CodedName(value="en-US", scheme="RFC5646", meaning="English (United States)")
_PROCEDURES = {  # PS3.16 CID 100, when the source does not code its procedure
    "CT": CodedName(value="25045-6", scheme="LN", meaning="CT unspecified body region"),
    "": CodedName(value="43468-8", scheme="LN", meaning="XR unspecified body region"),
}


def complete(dataset: Dataset, frame: Frame) -> None:
    """A machine's result, complete and unverified, with the document of its kind that it replaces (PS3.3 C.17.2)."""
    dataset.CompletionFlag = "COMPLETE"
    dataset.VerificationFlag = "UNVERIFIED"  # nobody is accountable for it yet
    dataset.PreliminaryFlag = "FINAL"
    dataset.PerformedProcedureCodeSequence = []
    words = dataset.SOPClassUID == BasicTextSRStorage
    items = []
    for predecessor in frame.request.predecessors:
        if (predecessor.sop_class_uid == BasicTextSRStorage) is not words:
            continue
        item = Dataset()
        item.ReferencedSOPClassUID = predecessor.sop_class_uid
        item.ReferencedSOPInstanceUID = predecessor.sop_instance_uid
        items.append(_study_item(predecessor.study_instance_uid, {predecessor.series_instance_uid: [item]}))
    if items:
        dataset.PredecessorDocumentsSequence = items


def refer(dataset: Dataset, frame: Frame, evidence: Iterable[tuple[str, Dataset]]) -> None:
    """The request, and what the document is about: (Series Instance UID, item of Referenced SOP Sequence) pairs."""
    dataset.ReferencedPerformedProcedureStepSequence = []
    by_series: dict[str, list[Dataset]] = {}
    for series_instance_uid, reference in evidence:
        by_series.setdefault(series_instance_uid, []).append(reference)
    dataset.CurrentRequestedProcedureEvidenceSequence = [_study_item(frame.subject.study_instance_uid, by_series)]
    if frame.subject.request is not None:
        dataset.ReferencedRequestSequence = [frame.subject.request]


def sources(frame: Frame) -> list[tuple[str, Dataset]]:
    """Every source as evidence, with its series."""
    return [(source.series_instance_uid, content.reference(source)) for source in frame.subject.sources]


def language() -> Dataset:
    """TID 1204."""
    return content.code(dcm("121049", "Language of Content Item and Descendants"), _ENGLISH, HAS_CONCEPT_MOD)


def procedure(frame: Frame) -> Dataset:
    """The imaging procedure that was looked at."""
    modality = frame.subject.sources[0].modality
    coded = frame.subject.procedure or _PROCEDURES.get(modality, _PROCEDURES[""])
    return content.code(dcm("121058", "Procedure reported"), coded, HAS_CONCEPT_MOD)


def observer(frame: Frame) -> Iterator[Dataset]:
    """TID 1001 and 1004: the observer is a device."""
    yield content.code(dcm("121005", "Observer Type"), dcm("121007", "Device"), HAS_OBS_CONTEXT)
    yield content.uid_reference(dcm("121012", "Device Observer UID"), frame.uids.device)
    for value, meaning, answer in (
        ("121013", "Device Observer Name", frame.request.card.name),
        ("121014", "Device Observer Manufacturer", MANUFACTURER),
        ("121015", "Device Observer Model Name", MODEL_NAME),
        ("121016", "Device Observer Serial Number", serial_number(frame.request)),
    ):
        yield content.text(dcm(value, meaning), answer, HAS_OBS_CONTEXT)


def conclusion(frame: Frame) -> Iterator[Dataset]:
    """What the model concludes, or why it concludes nothing, with the code of the reason."""
    outcome = frame.request.outcome
    if isinstance(outcome, NotEvaluable):
        yield content.text(CONCLUSION, f"Not evaluable: {outcome.reason}")
        yield content.text(REASON_CODE, outcome.code)
    else:
        yield content.text(CONCLUSION, outcome.conclusion)


def comments(frame: Frame) -> Iterator[Dataset]:
    """With what reserve."""
    request = frame.request
    outcome = request.outcome
    yield content.text(COMMENT, request.card.banner)
    if isinstance(outcome, NotEvaluable):
        yield content.text(COMMENT, NO_VALUE)
        yield content.text(COMMENT, needs_text(request.card))
    else:
        for note in own_notes(request.card, outcome):
            yield content.text(COMMENT, note)
        if outcome.out_of_distribution is not None:
            yield content.text(
                COMMENT,
                f"Distance from the training images: {outcome.out_of_distribution:.2f} "
                "(1 is the 99th percentile of the validation images)",
            )
    for limit in request.card.limits:
        yield content.text(COMMENT, limit)
    yield content.text(COMMENT, f"Image chosen: {request.chosen.reason}")


def _study_item(study_instance_uid: str, by_series: dict[str, list[Dataset]]) -> Dataset:
    study = Dataset()
    study.StudyInstanceUID = study_instance_uid
    study.ReferencedSeriesSequence = []
    for series_instance_uid, references in by_series.items():
        series = Dataset()
        series.SeriesInstanceUID = series_instance_uid
        series.ReferencedSOPSequence = references
        study.ReferencedSeriesSequence.append(series)
    return study
