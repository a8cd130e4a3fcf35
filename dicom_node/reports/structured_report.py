"""The measurements of an outcome as a TID 1500 Imaging Measurement Report (PS3.16).

Every measurement group has a 2-D region of its own: OHIF stops reading a report at the first group without one. The
report of a refusal therefore has one group too, without a number, whose region is the outline of the image: it says
"not evaluable" where the reader looks, and why in the qualitative evaluations.
"""

from collections.abc import Iterator

from pydicom.dataset import Dataset
from pydicom.uid import Comprehensive3DSRStorage

from dicom_node.reports import content, document
from dicom_node.reports.content import HAS_CONCEPT_MOD, HAS_OBS_CONTEXT, HAS_PROPERTIES, dcm
from dicom_node.reports.frame import Frame, Place, encode, new_object
from dicom_node.reports.normalise import Source
from dicom_node.reports.segmentation import PLACE as SEGMENTATION
from dicom_node.reports.segmentation import has_segmentation
from dicom_node.reports.tracking import tracking_uid
from screening.codes import PRIVATE_SCHEME, CodedName
from screening.findings import Findings, Measurement, MeasurementGroup, Region, rectangle
from screening.reports import ObjectKind, ReportObject
from screening.rounding import rounded

PLACE = Place(
    kind=ObjectKind.SR,
    role="measurements",
    sop_class_uid=str(Comprehensive3DSRStorage),
    modality="SR",
    series="measurements",
    series_offset=1,
)

NOT_EVALUABLE = CodedName(value="NOTEVALUABLE", scheme=PRIVATE_SCHEME, meaning="Not evaluable by this model")
INTERVAL_LOW = CodedName(value="INTERVALLOW", scheme=PRIVATE_SCHEME, meaning="Lower bound of interval")
INTERVAL_HIGH = CodedName(value="INTERVALHIGH", scheme=PRIVATE_SCHEME, meaning="Upper bound of interval")

FINDING = dcm("121071", "Finding")
FINDING_SITE = CodedName(value="363698007", scheme="SCT", meaning="Finding Site")
TRACKING_IDENTIFIER = dcm("112039", "Tracking Identifier")
TRACKING_UID = dcm("112040", "Tracking Unique Identifier")
IMAGE_REGION = dcm("111030", "Image Region")
DERIVATION = dcm("121401", "Derivation")
SOURCE_IMAGE = CodedName(value="260753009", scheme="SCT", meaning="Source")
QUALITATIVE_EVALUATIONS = CodedName(value="C0034375", scheme="UMLS", meaning="Qualitative Evaluations")


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
    document.complete(dataset, frame)
    document.refer(dataset, frame, [*document.sources(frame), *_masks(frame)])
    return encode(dataset, PLACE)


def _root(frame: Frame, groups: list[tuple[MeasurementGroup, CodedName | None]]) -> Dataset:
    """TID 1500."""
    names = [region.sop_instance_uid for group, _ in groups for region in group.regions]
    shown = {name: frame.subject.source(name) for name in names}
    library = content.container(  # only what a region refers to: 400 slices would cost seconds and a megabyte
        dcm("126200", "Image Library Group"), [content.image(source) for source in shown.values()]
    )
    return content.container(
        dcm("126000", "Imaging Measurement Report"),
        [
            document.language(),
            *document.observer(frame),
            document.procedure(frame),
            content.container(dcm("111028", "Image Library"), [library], template="1600"),
            content.container(
                dcm("126010", "Imaging Measurements"),
                [_group(frame, index, group, site) for index, (group, site) in enumerate(groups)],
            ),
            content.container(QUALITATIVE_EVALUATIONS, [*document.conclusion(frame), *document.comments(frame)]),
        ],
        template="1500",
        relationship=None,
    )


def _masks(frame: Frame) -> list[tuple[str, Dataset]]:
    """The masks as evidence, with their series."""
    if not has_segmentation(frame):
        return []
    masks = Dataset()
    masks.ReferencedSOPClassUID = SEGMENTATION.sop_class_uid
    masks.ReferencedSOPInstanceUID = frame.uids.of(f"instance/{SEGMENTATION.role}")
    return [(frame.uids.of(f"series/{SEGMENTATION.series}"), masks)]


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


def _group(frame: Frame, index: int, group: MeasurementGroup, site: CodedName | None) -> Dataset:
    """TID 1410; TID 1411, which may have several regions, where there are several."""
    items = [
        content.text(TRACKING_IDENTIFIER, group.tracking_identifier, HAS_OBS_CONTEXT),
        content.uid_reference(TRACKING_UID, tracking_uid(frame, group.tracking_identifier, index)),
        content.code(FINDING, group.finding),
    ]
    if site is not None:
        items.append(content.code(FINDING_SITE, site, HAS_CONCEPT_MOD))
    items += _algorithm(frame)
    items += [_measurement(measurement) for measurement in group.measurements]
    items += [content.code(answer.name, answer.value) for answer in group.qualitative]
    items += [
        content.region(IMAGE_REGION, region, frame.subject.source(region.sop_instance_uid), SOURCE_IMAGE)
        for region in group.regions
    ]
    template = "1411" if group.further_regions else "1410"
    return content.container(dcm("125007", "Measurement Group"), items, template=template)


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
    """TID 300. Two decimals of a percentage: more would pretend a precision that no model has.

    Less than that keeps its first digit: OHIF writes no number where it finds a 0.
    """
    digits = 2 if measurement.unit.value == "%" else 6
    derived = measurement.derivation
    items = [] if derived is None else [content.code(DERIVATION, derived, HAS_CONCEPT_MOD)]
    items += [
        content.number(name, rounded(bound, digits), measurement.unit, relationship=HAS_PROPERTIES)
        for name, bound in ((INTERVAL_LOW, measurement.low), (INTERVAL_HIGH, measurement.high))
        if bound is not None
    ]
    return content.number(measurement.name, rounded(measurement.value, digits), measurement.unit, items)
