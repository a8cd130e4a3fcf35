"""Outlines and points as a Grayscale Softcopy Presentation State (PS3.3 A.33.1), drawn by the viewer over the image.

It carries what a viewer needs to show the image as it did before: rescale, window, polarity. ContentDate and
ContentTime are not of this IOD.
"""

from collections.abc import Sequence

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import GrayscaleSoftcopyPresentationStateStorage

from dicom_node.reports import content
from dicom_node.reports.frame import Frame, Place, encode, new_object
from dicom_node.reports.normalise import Source, numbers_of, text_of
from dicom_node.reports.points import is_point, point_name
from dicom_node.reports.tracking import tracking_uid
from screening import codes
from screening.findings import Findings, MeasurementGroup, Point, Region
from screening.reports import ObjectKind, ReportObject

PLACE = Place(
    kind=ObjectKind.GSPS,
    role="marks",
    sop_class_uid=str(GrayscaleSoftcopyPresentationStateStorage),
    modality="PR",
    series="overlay",
    series_offset=3,
)
LAYER = "AI"
_BODY_PARTS = {  # PS3.16 Annex L, by site of the headline
    codes.CHEST.value: "CHEST", codes.LUNG.value: "LUNG", codes.SPINE.value: "SPINE", "122496007": "LSPINE",
    codes.SKELETAL_MUSCLE.value: "ABDOMEN", **{level.value: "SPINE" for level in codes.VERTEBRAE.values()},
}  # fmt: skip
_RING, _LEAST_RING = 0.012, 3.0  # radius of a point's ring: share of the longer side, pixels at least
_RESCALE = ("RescaleIntercept", "RescaleSlope")
_Mark = tuple[int, MeasurementGroup, Region]


def build_presentation_state(frame: Frame) -> ReportObject:
    """The regions of the findings on their images; the headline's once, whatever else lies on it.

    One modality LUT holds for all images of a presentation state: what lies on an image with another rescale than the
    headline's is left out.

    Raises
    ------
    ValueError
        If the outcome holds no findings: there is nothing to draw.
    BadHeader
        If a region lies on an image that is not among the sources.
    """
    outcome = frame.request.outcome
    if not isinstance(outcome, Findings):
        raise ValueError("outcome must be findings")
    marks = _marks(outcome)
    head, *others = dict.fromkeys(region.sop_instance_uid for _, _, region in marks)
    same = _rescale(_raw(frame, head))
    shown = [frame.subject.source(uid) for uid in (head, *others) if _rescale(_raw(frame, uid)) == same]
    dataset = new_object(frame, PLACE)
    del dataset.ContentDate, dataset.ContentTime
    dataset.PresentationCreationDate, dataset.PresentationCreationTime = dataset.SeriesDate, dataset.SeriesTime
    dataset.ContentLabel, dataset.ContentCreatorName = "AI_MARKS", "Opportune^"
    dataset.ContentDescription = frame.request.card.banner[:64]
    part = _BODY_PARTS.get(outcome.groups[0].site.value)
    if part:
        dataset.BodyPartExamined = part
    else:
        side = shown[0].laterality
        dataset.Laterality = side if side in ("R", "L") else ""
    dataset.ReferencedSeriesSequence = [_series(shown)]
    dataset.DisplayedAreaSelectionSequence = [_area(source, _raw(frame, source.sop_instance_uid)) for source in shown]
    dataset.GraphicLayerSequence = [_layer()]
    dataset.GraphicAnnotationSequence = [_annotation(frame, source, marks) for source in shown]
    _grey(dataset, frame, shown)
    return encode(dataset, PLACE)


def _marks(findings: Findings) -> list[_Mark]:
    """Each region once, with its group and the group's number."""
    found: dict[Region, _Mark] = {}
    for index, group in enumerate(findings.groups):
        for region in group.regions:
            found.setdefault(region, (index, group, region))
    return list(found.values())


def _raw(frame: Frame, sop_instance_uid: str) -> Dataset:
    """The header of a source as it came."""
    return frame.request.sources[frame.subject.sources.index(frame.subject.source(sop_instance_uid))]


def _rescale(raw: Dataset) -> tuple[float, float] | None:
    """Intercept and slope, None where the header lacks one."""
    intercept, slope = (numbers_of(raw, keyword) for keyword in _RESCALE)
    return (intercept[0], slope[0]) if len(intercept) == len(slope) == 1 and slope[0] else None


def _grey(dataset: Dataset, frame: Frame, shown: Sequence[Source]) -> None:
    """Modality LUT, VOI LUT and presentation LUT (PS3.3 C.11.1, C.11.8, C.11.6) as the images have them."""
    raw = [_raw(frame, source.sop_instance_uid) for source in shown]
    rescale = _rescale(raw[0])
    if rescale is not None:
        dataset.RescaleIntercept, dataset.RescaleSlope = map(content.decimal_string, rescale)
        dataset.RescaleType = "HU" if shown[0].modality == "CT" else text_of(raw[0], "RescaleType") or "US"
    items = []
    for source, header in zip(shown, raw, strict=True):
        window = _window(frame, source, header)
        if window is not None:
            item = Dataset()
            item.ReferencedImageSequence = [content.reference(source)]
            item.WindowCenter, item.WindowWidth = map(content.decimal_string, window)
            items.append(item)
    if items:
        dataset.SoftcopyVOILUTSequence = items
    inverse = text_of(raw[0], "PhotometricInterpretation").upper() == "MONOCHROME1"
    dataset.PresentationLUTShape = "INVERSE" if inverse else "IDENTITY"


def _window(frame: Frame, source: Source, raw: Dataset) -> tuple[float, float] | None:
    """Centre and width: those that the findings were shown in, else the image's own first."""
    outcome = frame.request.outcome
    if isinstance(outcome, Findings) and outcome.window is not None and source.modality == "CT":
        black, white = outcome.window
        return (black + white) / 2, white - black
    centre, width = (numbers_of(raw, keyword) for keyword in ("WindowCenter", "WindowWidth"))
    return (centre[0], width[0]) if centre and width and width[0] >= 1 else None


def _series(shown: Sequence[Source]) -> Dataset:
    item = Dataset()
    item.SeriesInstanceUID = shown[0].series_instance_uid
    item.ReferencedImageSequence = [content.reference(source) for source in shown]
    return item


def _area(source: Source, raw: Dataset) -> Dataset:
    """The whole image, fitted to the screen."""
    item = Dataset()
    item.ReferencedImageSequence = [content.reference(source)]
    item.DisplayedAreaTopLeftHandCorner = [1, 1]
    item.DisplayedAreaBottomRightHandCorner = [source.columns, source.rows]
    item.PresentationSizeMode = "SCALE TO FIT"
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        spacing = numbers_of(raw, keyword)
        if len(spacing) == 2 and min(spacing) > 0:
            item.PresentationPixelSpacing = [content.decimal_string(value) for value in spacing]
            return item
    item.PresentationPixelAspectRatio = [1, 1]
    return item


def _layer() -> Dataset:
    item = Dataset()
    item.GraphicLayer, item.GraphicLayerOrder = LAYER, 1
    item.GraphicLayerDescription = "Marks of a machine, unverified"
    return item


def _annotation(frame: Frame, source: Source, marks: Sequence[_Mark]) -> Dataset:
    """What is drawn on one image."""
    item = Dataset()
    item.ReferencedImageSequence = [content.reference(source)]
    item.GraphicLayer = LAYER
    item.GraphicObjectSequence, item.TextObjectSequence = [], [_banner(frame.request.card.banner)]
    for index, group, region in marks:
        if region.sop_instance_uid == source.sop_instance_uid:
            graphic, label = _drawn(group, region, source)
            for part in (graphic, label):
                part.TrackingID = group.tracking_identifier
                part.TrackingUID = tracking_uid(frame, group.tracking_identifier, index)
            item.GraphicObjectSequence.append(graphic)
            item.TextObjectSequence.append(label)
    return item


def _drawn(group: MeasurementGroup, region: Region, source: Source) -> tuple[Dataset, Dataset]:
    """A region and its name beside it. A place is a ring: viewers hardly show a single point."""
    points = [(min(max(x, 0.0), source.columns), min(max(y, 0.0), source.rows)) for x, y in region.points]
    kind, name = region.graphic_type, group.tracking_identifier
    if is_point(group):
        (x, y), radius = points[0], max(_RING * max(source.rows, source.columns), _LEAST_RING)
        kind, name, points = "CIRCLE", point_name(group), [(x, y), (x + radius, y)]
        anchor = (x + radius, y)
    else:
        anchor = min(points, key=lambda point: (point[1], point[0]))
    graphic = Dataset()
    graphic.GraphicAnnotationUnits, graphic.GraphicDimensions = "PIXEL", 2
    graphic.NumberOfGraphicPoints = len(points)
    graphic.GraphicData = [float(np.float32(value)) for point in points for value in point]
    graphic.GraphicType = kind
    if kind == "CIRCLE" or (kind == "POLYLINE" and points[0] == points[-1]):
        graphic.GraphicFilled = "N"
    return graphic, _label(f"{name} (AI)", anchor, tied=is_point(group))


def _label(text: str, anchor: Point, *, tied: bool) -> Dataset:
    """tied: with a line to the anchor. DICOMscope 3.6 writes half a vertebra above it, between two rings."""
    item = Dataset()
    item.UnformattedTextValue = text
    item.AnchorPointAnnotationUnits, item.AnchorPointVisibility = "PIXEL", "Y" if tied else "N"
    item.AnchorPoint = [float(np.float32(value)) for value in anchor]
    return item


def _banner(text: str) -> Dataset:
    """The evidence banner at the foot of what is displayed."""
    item = Dataset()
    item.UnformattedTextValue = text
    item.BoundingBoxAnnotationUnits = "DISPLAY"
    item.BoundingBoxTopLeftHandCorner, item.BoundingBoxBottomRightHandCorner = [0.02, 0.94], [0.98, 0.99]
    item.BoundingBoxTextHorizontalJustification = "CENTER"
    return item
