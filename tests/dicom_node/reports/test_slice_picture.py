from dataclasses import replace

import numpy as np
import pytest

from dicom_node.reports.slice_picture import slice_picture
from screening.header import Header
from screening.images import Volume
from tests.dicom_node.reports.factories import make_findings


def volume() -> Volume:
    hu = np.full((3, 4, 5), -1000, np.float32)
    hu[1] = np.linspace(-2000, 1000, 20, dtype=np.float32).reshape(4, 5)
    return Volume(
        hu=hu, spacing=(2.0, 0.7, 0.8), affine=np.eye(4), sop_instance_uids=("1.2.1", "1.2.2", "1.2.3"),
        header=Header({}),
    )  # fmt: skip


def test_the_slice_of_the_headline_is_shown_in_the_window_of_the_findings() -> None:
    findings = replace(make_findings(sop_instance_uid="1.2.2"), window=(-1350.0, 150.0))
    picture = slice_picture(volume(), findings)
    assert picture.sop_instance_uid == "1.2.2"
    assert picture.spacing == (0.7, 0.8)
    hu = volume().hu[1]
    assert picture.pixels[hu <= -1350].max() == 0
    assert picture.pixels[hu >= 150].min() == 1
    middle = (hu > -1350) & (hu < 150)
    assert picture.pixels[middle] == pytest.approx((hu[middle] + 1350) / 1500, abs=1e-6)


def test_without_a_window_it_is_that_of_soft_tissue() -> None:
    picture = slice_picture(volume(), make_findings(sop_instance_uid="1.2.2"))
    hu = volume().hu[1]
    assert (picture.pixels[hu < -160] == 0).all()
    assert (picture.pixels[hu > 240] == 1).all()


def test_findings_that_lie_elsewhere_are_an_error() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        slice_picture(volume(), make_findings(sop_instance_uid="1.2.9"))


def test_the_slice_that_the_findings_want_shown_goes_before_that_of_the_headline() -> None:
    findings = replace(make_findings(sop_instance_uid="1.2.2"), shown="1.2.3")
    assert slice_picture(volume(), findings).sop_instance_uid == "1.2.3"
