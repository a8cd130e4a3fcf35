import re
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pydicom.config
import pytest
from pydicom.dataset import Dataset

from dicom_node.reports.normalise import normalise
from screening.errors import BadHeader, Permanent
from tests.dicom_node.reports.factories import NAME, PATIENT_ID, SOP_UID, make_source


@pytest.mark.parametrize(
    ("keyword", "found", "expected"),
    [
        ("PatientBirthDate", "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f", ""),
        ("PatientBirthDate", "1951.04.17", "19510417"),
        ("PatientBirthDate", "19510431", ""),
        ("PatientBirthDate", None, ""),
        ("PatientSex", "f", "F"),
        ("PatientSex", "unknown", ""),
        ("PatientSex", "W", ""),
        ("PatientAge", "62", None),
        ("PatientAge", "062Y", "062Y"),
        ("PatientAge", "62 years", None),
        ("StudyDate", "20261340", ""),
        ("StudyTime", "9h15", ""),
        ("StudyTime", "09:15:30", "091530"),
        ("StudyTime", "2515", ""),
        ("StudyTime", "0915", "0915"),
        ("StudyTime", "0915.5", ""),
        ("AccessionNumber", "A" * 17, ""),
        ("AccessionNumber", "A" * 16, "A" * 16),
        ("StudyID", None, ""),
        ("StudyDescription", "D" * 80, "D" * 64),
        ("PatientName", "Doe", "Doe"),
        ("PatientName", "A^B^C^D^E^F", "A^B^C^D^E"),
        ("PatientName", "N" * 70, "N" * 64),
        ("ReferringPhysicianName", None, ""),
    ],
)
def test_malformed_values_become_empty_and_are_never_invented(
    keyword: str, found: str | None, expected: str | None
) -> None:
    values: dict[str, Any] = {keyword: found}
    header = normalise([make_source(**values)]).header
    assert (str(header[keyword].value) if keyword in header else None) == expected


@pytest.mark.parametrize(
    ("character_set", "name"),
    [
        ("ISO_IR 100", "Äneas^Rüdiger"),
        ("ISO_IR 192", "山田^太郎"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("ISO_IR 144", "Люксембург^Роза"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
    ],
)
def test_text_is_decoded_by_the_character_set_of_the_source(character_set: object, name: str) -> None:
    header = normalise([make_source(SpecificCharacterSet=character_set, PatientName=name)]).header
    assert str(header.PatientName) == name


@pytest.mark.parametrize("found", [None, "", "   ", "A\\B", "P" * 65])
def test_without_a_patient_nothing_is_built(found: str | None) -> None:
    with pytest.raises(Permanent, match="an object that cannot be matched to a patient must not be sent") as caught:
        normalise([make_source(PatientID=found)])
    assert SOP_UID in str(caught.value)
    assert NAME not in str(caught.value)


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"])
@pytest.mark.parametrize("found", [None, "1..3", "not a uid", "1." * 40])
def test_without_valid_uids_nothing_is_built(keyword: str, found: str | None) -> None:
    values: dict[str, Any] = {keyword: found}
    with pytest.raises(BadHeader, match=f"{keyword} of a source is missing or is no UID"):
        normalise([make_source(**values)])


def test_an_image_without_size_cannot_be_pointed_at() -> None:
    with pytest.raises(BadHeader, match=re.escape(f"Rows of instance {SOP_UID} is missing or no size")):
        normalise([make_source(Rows=None)])


def test_sources_of_two_patients_or_studies_are_refused_without_naming_them() -> None:
    with pytest.raises(BadHeader, match=r"instance 1\.2\.8 has another Patient ID") as caught:
        normalise([make_source(), make_source(SOPInstanceUID="1.2.8", PatientID="OTHER")])
    assert PATIENT_ID not in str(caught.value)
    assert "OTHER" not in str(caught.value)
    with pytest.raises(BadHeader, match=r"instance 1\.2\.8 is of another study"):
        normalise([make_source(), make_source(SOPInstanceUID="1.2.8", StudyInstanceUID="1.2.7")])


def test_what_reports_refer_to_is_read() -> None:
    source = normalise([make_source(LossyImageCompression="01", ImageLaterality="L")]).source(SOP_UID)
    assert (source.rows, source.columns, source.modality) == (320, 260, "DX")
    assert source.patient_orientation == ("L", "F")
    assert (source.laterality, source.lossy) == ("L", True)


@pytest.mark.parametrize("found", [None, "", ["L"], ["L", "F", "H"], ["Q", "F"]])
def test_an_orientation_that_is_none_is_left_out(found: object) -> None:
    assert normalise([make_source(PatientOrientation=found)]).sources[0].patient_orientation is None


def test_the_order_is_carried_over_where_the_source_has_one() -> None:
    def order(dataset: Dataset) -> None:
        item = Dataset()
        item.RequestedProcedureID, item.RequestedProcedureDescription = "RP1", "Thorax"
        dataset.RequestAttributesSequence = [item]

    request = normalise([make_source(order)]).request
    assert request is not None
    assert (request.RequestedProcedureID, request.AccessionNumber) == ("RP1", "A-100")
    assert normalise([make_source()]).request is None


def test_a_malformed_procedure_code_is_left_out() -> None:
    def codes(dataset: Dataset) -> None:
        bad, good = Dataset(), Dataset()
        bad.CodeValue = "X"
        good.CodeValue, good.CodingSchemeDesignator, good.CodeMeaning = "36643-5", "LN", "XR Chest 2 Views"
        dataset.ProcedureCodeSequence = [bad, good]

    procedure = normalise([make_source(codes)]).procedure
    assert procedure is not None
    assert procedure.value == "36643-5"


@pytest.mark.parametrize(("found", "expected"), [("-0330", "-0330"), ("+0100", "+0100"), ("0100", None), (None, None)])
def test_the_offset_from_utc_is_read_where_it_is_one(found: str | None, expected: str | None) -> None:
    assert normalise([make_source(TimezoneOffsetFromUTC=found)]).timezone == expected


def test_control_characters_are_dropped() -> None:
    header = normalise([make_source(StudyDescription="Tho\x1brax\x00")]).header
    assert header.StudyDescription == "Thorax"


def test_an_anonymised_source_says_so_in_the_report() -> None:
    header = normalise([make_source(PatientIdentityRemoved="YES", DeidentificationMethod="by hand")]).header
    assert (header.PatientIdentityRemoved, header.DeidentificationMethod) == ("YES", "by hand")


def test_a_hospital_s_own_characters_survive() -> None:
    header = normalise([make_source(SpecificCharacterSet="ISO_IR 192", PatientName="\ue000^\u9ad9")]).header
    assert str(header.PatientName) == "\ue000^\u9ad9"


def test_threads_leave_the_settings_of_the_process_as_they_were() -> None:
    """pydicom's validation, and the filters of warnings: two threads must not put back each other's."""
    settings = pydicom.config.settings
    before = settings.reading_validation_mode, settings.writing_validation_mode, list(warnings.filters)
    sources = [make_source(StudyTime="9h15") for _ in range(200)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            headers = list(threads.map(lambda source: normalise([source]).header, sources))
    finally:
        sys.setswitchinterval(interval)
    assert {str(header.StudyTime) for header in headers} == {""}
    assert (settings.reading_validation_mode, settings.writing_validation_mode, list(warnings.filters)) == before
