"""A picture as a Secondary Capture: the one object that every viewer shows without being set up for it."""

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from dicom_node.reports.content import dcm, reference
from dicom_node.reports.frame import Frame, Place, encode, new_object
from dicom_node.reports.normalise import Source, code_item
from screening.reports import ObjectKind, ReportObject

SOURCE_PURPOSE = dcm("121322", "Source Image for Image Processing Operation")  # CID 7202


def place_of(role: str, instance_number: int) -> Place:
    """Modality OT: DX or CT would draw the page into the hanging protocol of the images."""
    return Place(
        kind=ObjectKind.SC,
        role=role,
        sop_class_uid=str(SecondaryCaptureImageStorage),
        modality="OT",
        series="summary",
        series_offset=0,
        instance_number=instance_number,
    )


def build_secondary_capture(
    frame: Frame, picture: npt.NDArray[np.uint8], place: Place, shown: Source | None
) -> ReportObject:
    """Encode a picture.

    Parameters
    ----------
    picture
        uint8 (rows, columns, 3), RGB.
    shown
        The source that the picture shows in its own orientation; None for a page of text, which must not get the
        markers of an orientation.
    """
    dataset = new_object(frame, place)
    # type 2C: a source that names no side is, by PS3.3 C.7.3.1, of an unpaired part; so is a page
    dataset.ImageLaterality = (shown.laterality if shown else None) or "U"
    dataset.ConversionType = "WSD"  # workstation, PS3.3 C.8.6.1
    dataset.ImageType = ["DERIVED", "SECONDARY", "AI"]
    dataset.PatientOrientation = list(shown.patient_orientation) if shown and shown.patient_orientation else None
    dataset.BurnedInAnnotation = "YES"
    dataset.RecognizableVisualFeatures = "NO"
    dataset.ImageComments = frame.request.card.banner
    dataset.DerivationDescription = f"{frame.request.card.title}: {place.role} drawn from the model's result"[:1024]
    source = reference(shown or frame.subject.sources[0])
    source.PurposeOfReferenceCodeSequence = [code_item(SOURCE_PURPOSE)]
    dataset.SourceImageSequence = [source]
    if shown is not None and shown.lossy:
        dataset.LossyImageCompression = "01"
    _pixels(dataset, picture)
    return encode(dataset, place)


def _pixels(dataset: Dataset, picture: npt.NDArray[np.uint8]) -> None:
    dataset.SamplesPerPixel = 3
    dataset.PhotometricInterpretation = "RGB"
    dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = picture.shape[:2]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.PixelRepresentation = 0
    encoded = np.ascontiguousarray(picture).tobytes()
    dataset.PixelData = encoded + b"\0" * (len(encoded) % 2)
