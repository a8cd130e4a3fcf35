from io import BytesIO

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from dicom_node.reports.build import build_report
from dicom_node.reports.card_picture import draw_card
from dicom_node.reports.frame import Frame
from dicom_node.reports.normalise import normalise
from dicom_node.reports.secondary_capture import build_secondary_capture, place_of
from dicom_node.reports.uids import ReportUids
from tests.dicom_node.reports.factories import CARD, SOP_UID, make_picture, make_request, make_source


def pictures(source: Dataset | None = None) -> tuple[Dataset, Dataset]:
    report = build_report(make_request(source=source, picture=make_picture()))
    card, overlay = (dcmread(BytesIO(item.encoded)) for item in report.objects[:2])
    return card, overlay


def test_the_pixels_are_the_drawn_picture() -> None:
    request = make_request()
    card, _ = pictures()
    assert np.array_equal(card.pixel_array, draw_card(CARD, request.outcome, request.inferred_at))
    assert (card.PhotometricInterpretation, card.BitsStored, card.PlanarConfiguration) == ("RGB", 8, 0)


def test_it_says_what_it_is() -> None:
    for dataset in pictures():
        assert list(dataset.ImageType) == ["DERIVED", "SECONDARY", "AI"]
        assert (dataset.Modality, dataset.ConversionType, dataset.BurnedInAnnotation) == ("OT", "WSD", "YES")
        assert dataset.ImageComments == CARD.banner
        (source,) = dataset.SourceImageSequence
        assert source.ReferencedSOPInstanceUID == SOP_UID
        assert source.PurposeOfReferenceCodeSequence[0].CodeValue == "121322"


def test_only_the_overlay_is_oriented_as_its_source() -> None:
    card, overlay = pictures(make_source(ImageLaterality="L"))
    assert (card.PatientOrientation, list(overlay.PatientOrientation)) == ("", ["L", "F"])
    assert (card.ImageLaterality, overlay.ImageLaterality) == ("U", "L")


def test_loss_is_carried_over_to_the_overlay() -> None:
    card, overlay = pictures(make_source(LossyImageCompression="01"))
    assert "LossyImageCompression" not in card
    assert overlay.LossyImageCompression == "01"


@pytest.mark.parametrize("shape", [(3, 5, 3), (4, 4, 3)])
def test_pixel_data_are_of_even_length(shape: tuple[int, int, int]) -> None:
    request, subject = make_request(), normalise([make_source()])
    uids = ReportUids(
        study_instance_uid="1.2", sop_instance_uids=(SOP_UID,), input_digest="", model_name="", model_version="",
        weights_sha256="", config_digest="", run=0,
    )  # fmt: skip
    picture = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    built = build_secondary_capture(
        Frame(request=request, subject=subject, uids=uids), picture, place_of("card", 1), None
    )
    dataset = dcmread(BytesIO(built.encoded))
    assert len(dataset.PixelData) % 2 == 0
    assert np.array_equal(dataset.pixel_array, picture)
