"""The measurements of an outcome as a TID 1500 Imaging Measurement Report (PS3.16).

Every measurement group has a 2-D region of its own: OHIF stops reading a report at the first group without one. The
report of a refusal therefore has one group too, without a number, whose region is the outline of the image: it says
"not evaluable" where the reader looks, and why in the qualitative evaluations.
"""

from collections.abc import Iterator

from pydicom.dataset import Dataset
from pydicom.uid import Comprehensive3DSRStorage

from dicom_node.reports import content
from dicom_node.reports.content import HAS_CONCEPT_MOD, HAS_OBS_CONTEXT, HAS_PROPERTIES, dcm
from dicom_node.reports.frame import MANUFACTURER, MODEL_NAME, Frame, Place, encode, new_object, serial_number
from dicom_node.reports.normalise import Source
from dicom_node.reports.wording import own_notes
from screening.codes import PRIVATE_SCHEME, CodedName
from screening.findings import Findings, Measurement, MeasurementGroup, NotEvaluable, Region, rectangle
from screening.reports import ObjectKind, ReportObject

PLACE = Place(
    kind=ObjectKind.SR,
    role="measurements",
    sop_class_uid=str(Comprehensive3DSRStorage),
    modality="SR",
    series="measurements",
    series_offset=1,
)

NOT_EVALUABLE = CodedName(value="NOTEVALUABLE", scheme=PRIVATE_SCHEME, meaning="Not evaluable by this model")
REASON_CODE = CodedName(value="REASONCODE", scheme=PRIVATE_SCHEME, meaning="Reason code")
INTERVAL_LOW = CodedName(value="INTERVALLOW", scheme=PRIVATE_SCHEME, meaning="Lower bound of interval")
INTERVAL_HIGH = CodedName(value="INTERVALHIGH", scheme=PRIVATE_SCHEME, meaning="Upper bound of interval")

FINDING = dcm("121071", "Finding")
FINDING_SITE = CodedName(value="363698007", scheme="SCT", meaning="Finding Site")
TRACKING_IDENTIFIER = dcm("112039", "Tracking Identifier")
TRACKING_UID = dcm("112040", "Tracking Unique Identifier")
IMAGE_REGION = dcm("111030", "Image Region")
SOURCE_IMAGE = CodedName(value="260753009", scheme="SCT", meaning="Source")
QUALITATIVE_EVALUATIONS = CodedName(value="C0034375", scheme="UMLS", meaning="Qualitative Evaluations")
CONCLUSION, COMMENT = dcm("121077", "Conclusion"), dcm("121106", "Comment")
_ENGLISH = CodedName(value="en-US", scheme="RFC5646", meaning="English (United States)")
_PROCEDURES = {  # PS3.16 CID 100, when the source does not code its procedure
    "CT": CodedName(value="25045-6", scheme="LN", meaning="CT unspecified body region"),
    "": CodedName(value="43468-8", scheme="LN", meaning="XR unspecified body region"),
}


def build_structured_report(frame: Frame) -> ReportObject:
    """The structured report of an outcome.

    Raises
    ------
    BadHeader
        If a region lies on an image that is not among the sources.
    """
    groups = _groups(frame)
    dataset = new_object(frame, PLACE)
    dataset.update(_root(frame, groups))
    dataset.CompletionFlag = "COMPLETE"
    dataset.VerificationFlag = "UNVERIFIED"  # a machine's result: nobody is accountable for it yet
    dataset.PreliminaryFlag = "FINAL"
    dataset.PerformedProcedureCodeSequence = []
    dataset.ReferencedPerformedProcedureStepSequence = []
    dataset.CurrentRequestedProcedureEvidenceSequence = [_evidence(frame)]
    if frame.subject.request is not None:
        dataset.ReferencedRequestSequence = [frame.subject.request]
    if frame.request.predecessors:
        dataset.PredecessorDocumentsSequence = _predecessors(frame)
    return encode(dataset, PLACE)


def _root(frame: Frame, groups: list[tuple[MeasurementGroup, CodedName | None]]) -> Dataset:
    """TID 1500."""
    modality = frame.subject.sources[0].modality
    procedure = frame.subject.procedure or _PROCEDURES.get(modality, _PROCEDURES[""])
    shown = {group.region.sop_instance_uid: frame.subject.source(group.region.sop_instance_uid) for group, _ in groups}
    library = content.container(  # only what a region refers to: 400 slices would cost seconds and a megabyte
        dcm("126200", "Image Library Group"), [content.image(source) for source in shown.values()]
    )
    return content.container(
        dcm("126000", "Imaging Measurement Report"),
        [
            content.code(dcm("121049", "Language of Content Item and Descendants"), _ENGLISH, HAS_CONCEPT_MOD),
            *_observer(frame),
            content.code(dcm("121058", "Procedure reported"), procedure, HAS_CONCEPT_MOD),
            content.container(dcm("111028", "Image Library"), [library], template="1600"),
            content.container(
                dcm("126010", "Imaging Measurements"),
                [_group(frame, index, group, site) for index, (group, site) in enumerate(groups)],
            ),
            content.container(QUALITATIVE_EVALUATIONS, _evaluations(frame)),
        ],
        template="1500",
        relationship=None,
    )


def _groups(frame: Frame) -> list[tuple[MeasurementGroup, CodedName | None]]:
    """The groups of the findings with their sites; for a refusal one without site, over the whole image."""
    outcome = frame.request.outcome
    if isinstance(outcome, Findings):
        return [(group, group.site) for group in outcome.groups]
    source = frame.subject.source(outcome.sop_instance_uid or frame.request.chosen.sop_instance_uids[0])
    group = MeasurementGroup(
        tracking_identifier=f"{frame.request.card.title} - not evaluable",
        finding=NOT_EVALUABLE,
        site=NOT_EVALUABLE,
        region=_outline(source),
    )
    return [(group, None)]


def _outline(source: Source) -> Region:
    return rectangle(0, 0, source.columns, source.rows, source.sop_instance_uid)


def _observer(frame: Frame) -> Iterator[Dataset]:
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


def _group(frame: Frame, index: int, group: MeasurementGroup, site: CodedName | None) -> Dataset:
    """TID 1410. Viewers merge groups that share a tracking UID: the index keeps them apart."""
    tracking_uid = frame.uids.of(f"tracking/{index}/{group.tracking_identifier}")
    source = frame.subject.source(group.region.sop_instance_uid)
    items = [
        content.text(TRACKING_IDENTIFIER, group.tracking_identifier, HAS_OBS_CONTEXT),
        content.uid_reference(TRACKING_UID, tracking_uid),
        content.code(FINDING, group.finding),
    ]
    if site is not None:
        items.append(content.code(FINDING_SITE, site, HAS_CONCEPT_MOD))
    items += _algorithm(frame)
    items += [_measurement(measurement) for measurement in group.measurements]
    items += [content.code(answer.name, answer.value) for answer in group.qualitative]
    items.append(content.region(IMAGE_REGION, group.region, source, SOURCE_IMAGE))
    return content.container(dcm("125007", "Measurement Group"), items, template="1410")


def _algorithm(frame: Frame) -> Iterator[Dataset]:
    """TID 4019."""
    card = frame.request.card
    yield content.text(dcm("111001", "Algorithm Name"), card.name, HAS_CONCEPT_MOD)
    yield content.text(dcm("111003", "Algorithm Version"), card.version, HAS_CONCEPT_MOD)
    for parameter in (
        f"weights_sha256={card.weights_sha256}",
        f"config_digest={frame.request.config_digest}",
        f"evidence={card.evidence.value}",
    ):
        yield content.text(dcm("111002", "Algorithm Parameters"), parameter, HAS_CONCEPT_MOD)
    yield content.code(dcm("111000", "Algorithm Family"), dcm("123110", "Artificial Intelligence"), HAS_CONCEPT_MOD)


def _measurement(measurement: Measurement) -> Dataset:
    """TID 300. Two decimals of a percentage: more would pretend a precision that no model has."""
    digits = 2 if measurement.unit.value == "%" else 6

    bounds = [
        content.number(name, round(bound, digits), measurement.unit, relationship=HAS_PROPERTIES)
        for name, bound in ((INTERVAL_LOW, measurement.low), (INTERVAL_HIGH, measurement.high))
        if bound is not None
    ]
    return content.number(measurement.name, round(measurement.value, digits), measurement.unit, bounds)


def _evaluations(frame: Frame) -> Iterator[Dataset]:
    """What the model concludes, and with what reserve. TID 1500 row 12."""
    request = frame.request
    outcome = request.outcome
    if isinstance(outcome, NotEvaluable):
        yield content.text(CONCLUSION, f"Not evaluable: {outcome.reason}")
        yield content.text(REASON_CODE, outcome.code)
    else:
        yield content.text(CONCLUSION, outcome.conclusion)
    yield content.text(COMMENT, request.card.banner)
    if isinstance(outcome, Findings):
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


def _evidence(frame: Frame) -> Dataset:
    """An item of Current Requested Procedure Evidence Sequence with every source (PS3.3 C.17.2.3)."""
    by_series: dict[str, list[Dataset]] = {}
    for source in frame.subject.sources:
        by_series.setdefault(source.series_instance_uid, []).append(content.reference(source))
    return _study_item(frame.subject.study_instance_uid, by_series)


def _predecessors(frame: Frame) -> list[Dataset]:
    items = []
    for predecessor in frame.request.predecessors:
        item = Dataset()
        item.ReferencedSOPClassUID = predecessor.sop_class_uid
        item.ReferencedSOPInstanceUID = predecessor.sop_instance_uid
        items.append(_study_item(predecessor.study_instance_uid, {predecessor.series_instance_uid: [item]}))
    return items


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
