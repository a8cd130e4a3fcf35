"""An outcome becomes its report: pictures, which every viewer shows, the structured report, masks, further forms."""

from collections.abc import Iterator, Sequence

from dicom_node.reports.card_picture import draw_card
from dicom_node.reports.frame import Frame
from dicom_node.reports.key_objects import build_key_objects
from dicom_node.reports.normalise import normalise
from dicom_node.reports.overlay_picture import draw_overlay, has_overlay
from dicom_node.reports.presentation_state import build_presentation_state
from dicom_node.reports.request import ReportRequest
from dicom_node.reports.secondary_capture import build_secondary_capture, place_of
from dicom_node.reports.segmentation import build_segmentation, has_segmentation
from dicom_node.reports.structured_report import build_structured_report
from dicom_node.reports.text_report import build_text_report
from dicom_node.reports.uids import ReportUids
from screening.errors import BadHeader
from screening.findings import Findings
from screening.reports import ObjectKind, Report, ReportObject
from screening.stopwatch import stage


def build_report(request: ReportRequest) -> Report:
    """The encoded objects of an outcome, in the order in which they are sent.

    Pure: no clock, no disk, no random number; the same request gives the same bytes.

    Raises
    ------
    BadHeader
        If the sources cannot be matched to one patient and one study, a chosen instance is not among them, or the
        outcome points at an image that is not.
    """
    with stage("report.sources"):
        subject = normalise(request.sources)
    names = [source.sop_instance_uid for source in subject.sources]
    missing = sorted(set(request.chosen.sop_instance_uids) - set(names))
    if missing:
        raise BadHeader(f"chosen instance {missing[0]} is not among the sources of the report")
    frame = Frame(
        request=request,
        subject=subject,
        uids=ReportUids(
            study_instance_uid=subject.study_instance_uid,
            sop_instance_uids=names,
            input_digest=request.input_digest,
            model_name=request.card.name,
            model_version=request.card.version,
            weights_sha256=request.card.weights_sha256,
            config_digest=request.config_digest,
            run=request.run,
        ),
    )
    with stage("report.sc"):
        objects = list(_pictures(frame))
    with stage("report.sr"):
        objects.append(build_structured_report(frame))
    with stage("report.seg"):
        if has_segmentation(frame):
            objects.append(build_segmentation(frame))
    with stage("report.forms"):
        return Report(objects=(*objects, *_forms(frame, objects)))


def _pictures(frame: Frame) -> Iterator[ReportObject]:
    """The card, and the overlay where there is something to draw on a picture."""
    card, outcome, picture = frame.request.card, frame.request.outcome, frame.request.picture
    drawn = draw_card(card, outcome, frame.time)
    yield build_secondary_capture(frame, drawn, place_of("card", 1), None)
    if isinstance(outcome, Findings) and picture is not None and has_overlay(outcome, picture):
        shown = frame.subject.source(picture.sop_instance_uid)
        overlay = draw_overlay(card, outcome, picture, frame.time)
        yield build_secondary_capture(frame, overlay, place_of("overlay", 2), shown)


def _forms(frame: Frame, objects: Sequence[ReportObject]) -> Iterator[ReportObject]:
    """The further forms that are wanted; a refusal has nothing to draw and nothing to look at, but words."""
    wanted, found = frame.request.forms, isinstance(frame.request.outcome, Findings)
    if ObjectKind.TEXT_SR in wanted:
        yield build_text_report(frame)
    if ObjectKind.GSPS in wanted and found:
        yield build_presentation_state(frame)
    if ObjectKind.KOS in wanted and found:
        yield build_key_objects(frame, [item for item in objects if item.kind is ObjectKind.SC])
