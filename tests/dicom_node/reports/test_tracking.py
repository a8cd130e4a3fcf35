import pytest

from dicom_node.reports.tracking import tracking_uid
from tests.dicom_node.reports.factories import REFUSAL, make_request
from tests.dicom_node.reports.slices import frame_of, masked_request


def test_a_name_is_that_of_the_first_group_that_bears_it() -> None:
    frame = frame_of(masked_request())
    assert tracking_uid(frame, "Skeletal muscle at L3") == tracking_uid(frame, "Skeletal muscle at L3", 1)
    assert tracking_uid(frame, "Skeletal muscle at L3", 0) != tracking_uid(frame, "Skeletal muscle at L3", 1)


def test_a_name_that_no_group_bears_is_an_error() -> None:
    for frame in (frame_of(masked_request()), frame_of(make_request(REFUSAL))):
        with pytest.raises(ValueError, match="L9"):
            tracking_uid(frame, "L9")
