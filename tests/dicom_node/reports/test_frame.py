from dataclasses import replace
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from dicom_node.reports.build import build_report
from dicom_node.reports.frame import MODEL_NAME, series_description, shorten
from dicom_node.reports.uids import IMPLEMENTATION_CLASS_UID
from screening.card import Evidence
from tests.dicom_node.reports.factories import CARD, make_request, make_source


def card_of(source: Dataset | None = None) -> Dataset:
    return dcmread(BytesIO(build_report(make_request(source=source)).objects[0].encoded))


def test_we_are_the_equipment_and_the_algorithm_contributes() -> None:
    dataset = card_of()
    assert dataset.ManufacturerModelName == MODEL_NAME
    assert dataset.SoftwareVersions == "0.1.0"
    (item,) = dataset.ContributingEquipmentSequence
    assert item.PurposeOfReferenceCodeSequence[0].CodeValue == "109102"
    assert item.ManufacturerModelName == CARD.name
    assert list(item.SoftwareVersions) == ["0.1.0", "weights ab12cd34ab12cd34"]
    assert item.DeviceUID.startswith("2.25.")
    assert item.ContributionDateTime == "20261121140300+0100"


def test_times_are_the_inference_time_and_claim_no_zone_of_the_source() -> None:
    dataset = card_of()
    for name in ("Content", "Series", "InstanceCreation"):
        assert (dataset[f"{name}Date"].value, dataset[f"{name}Time"].value) == ("20261121", "140300")
    assert "TimezoneOffsetFromUTC" not in dataset
    assert dataset.StudyTime == "091500"


def test_times_follow_the_clock_that_the_source_declares() -> None:
    dataset = card_of(make_source(TimezoneOffsetFromUTC="-0330"))
    assert dataset.TimezoneOffsetFromUTC == "-0330"
    assert (dataset.ContentDate, dataset.ContentTime) == ("20261121", "093300")
    assert dataset.ContributingEquipmentSequence[0].ContributionDateTime == "20261121093300-0330"


TITLES = ["Age", "A very long title of a model that no description could ever hold, sadly", "x" * 90]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("evidence", list(Evidence))
def test_a_series_description_fits_and_says_what_it_is(title: str, evidence: Evidence) -> None:
    request = replace(make_request(), card=replace(CARD, title=title, evidence=evidence))
    description = series_description(request, "measurements")
    assert len(description) <= 64
    assert description.startswith("AI ")
    assert description.endswith(
        "- measurements (unverified)" if evidence is Evidence.SITE_VALIDATED else "- measurements (research)"
    )


def test_shortening_keeps_whole_words() -> None:
    assert shorten("thirty-day mortality in pneumonia", 25) == "thirty-day mortality in.."
    assert shorten("short", 25) == "short"
    assert len(shorten("y" * 40, 10)) == 10


def test_the_private_coding_scheme_is_identified() -> None:
    (scheme,) = card_of().CodingSchemeIdentificationSequence
    assert scheme.CodingSchemeDesignator == "99OPPORTUNE"


def test_the_file_names_the_same_implementation_as_the_network() -> None:
    meta = card_of().file_meta
    assert meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert meta.ImplementationVersionName == "OPPORTUNE_0.1.0"
    assert meta.TransferSyntaxUID == ExplicitVRLittleEndian
