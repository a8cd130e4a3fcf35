import csv
import json
import re
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from dicom_node.header import is_own_output, read_beginning, read_instance
from screening.errors import BadHeader, SpoolUnavailable
from screening.header import Header
from tests.dicom_node.build import CR, SERIES, STUDY, explicit, identified, image, item, raw_file, write

NAME = "Canary^Patient"


def read(path: Path) -> Header:
    return read_instance(path, location="here").header


def test_identity_digest_and_kept_values(tmp_path: Path) -> None:
    path = write(tmp_path / "a", identified(Modality="DX", ImagerPixelSpacing=["0.143", "0.15"], Rows=3, KVP="120"))
    instance = read_instance(path, location="spool-name")
    assert (instance.sop_class_uid, instance.sop_instance_uid) == (CR, f"{SERIES}.1")
    assert (instance.study_instance_uid, instance.series_instance_uid) == (STUDY, SERIES)
    assert instance.transfer_syntax_uid == "1.2.840.10008.1.2.1"
    assert instance.location == "spool-name"
    assert re.fullmatch("[0-9a-f]{64}", instance.digest)
    assert dict(instance.header) | {
        "Modality": "DX",
        "ImagerPixelSpacing": [0.143, 0.15],
        "Rows": 3,
        "KVP": 120,
    } == dict(instance.header)


def test_the_digest_is_of_the_data_set_and_not_of_who_stored_it(tmp_path: Path) -> None:
    data_set = identified(Modality="DX")
    digests = []
    for number, application in enumerate(("MODALITY", "ARCHIVE")):
        path = write(tmp_path / str(number), data_set)
        stored = pydicom.dcmread(path)
        stored.file_meta.SourceApplicationEntityTitle = application
        stored.save_as(path)
        digests.append(read_instance(path, location="").digest)
    assert digests[0] == digests[1]
    other = write(tmp_path / "other", identified(Modality="CR"))
    assert read_instance(other, location="").digest != digests[0]


@pytest.mark.parametrize("transfer_syntax_uid", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_other_encodings_read_alike(tmp_path: Path, transfer_syntax_uid: str) -> None:
    data_set = identified(
        Rows=515,
        WindowCenter="1.5",
        ViewCodeSequence=[item(CodeValue="399348003", CodingSchemeDesignator="SCT", CodeMeaning="PA")],
    )
    little = read(write(tmp_path / "a", data_set))
    other = read(write(tmp_path / "b", data_set, transfer_syntax_uid))
    assert dict(other) == dict(little)
    assert little["Rows"] == 515
    assert little["ViewCodeSequence"] == ["SCT:399348003 PA"]


def test_no_preamble_and_no_file_meta(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(explicit(identified(Modality="CT")))
    instance = read_instance(tmp_path / "a", location="x")
    assert instance.header.text("Modality") == "CT"
    assert instance.transfer_syntax_uid == "1.2.840.10008.1.2.1"


def test_sop_uids_from_the_file_meta_when_the_data_set_has_none(tmp_path: Path) -> None:
    data_set = identified()
    path = write(tmp_path / "a", data_set)
    data = path.read_bytes()
    start = data.index(explicit(data_set)[:8], 132)  # the data set begins with SOP Class UID
    body = (
        data[start:].replace(b"\x08\x00\x16\x00", b"\x08\x00\x17\x00").replace(b"\x08\x00\x18\x00", b"\x08\x00\x19\x00")
    )
    path.write_bytes(data[:start] + body)
    assert read_instance(path, location="x").sop_instance_uid == f"{SERIES}.1"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no SOPClassUID, SOPInstanceUID, StudyInstanceUID, SeriesInstanceUID"),
        (b"%PDF-1.7 and so on", "not a DICOM file"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "not a DICOM file"),
        (b"\0" * 5000, "has no SOPClassUID"),
        (b"\0" * 128 + b"DICM", "has no SOPClassUID"),
    ],
)
def test_no_dicom_file(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(BadHeader, match=message):
        read(tmp_path / "a")


def test_a_missing_file_is_the_machines_fault_and_names_no_path(tmp_path: Path) -> None:
    with pytest.raises(SpoolUnavailable) as caught:
        read(tmp_path / "secret-name")
    assert "secret-name" not in str(caught.value)


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID"])
@pytest.mark.parametrize(("value", "message"), [("", "has no"), ("1.2..3", "no valid UID"), (NAME, "no valid UID")])
def test_missing_and_invalid_uids_are_named_without_their_value(
    tmp_path: Path, keyword: str, value: str, message: str
) -> None:
    data_set = identified()
    with pydicom.config.disable_value_validation(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        setattr(data_set, keyword, value)
        path = write(tmp_path / "a", data_set)
    with pytest.raises(BadHeader, match=f"{message}.*{keyword}") as caught:
        read(path)
    assert NAME not in str(caught.value)


def test_a_truncated_header_says_so(tmp_path: Path) -> None:
    body = explicit(identified(PatientName=NAME))
    path = raw_file(tmp_path / "a", body[: body.index(b"\x20\x00\x0d\x00") + 12])
    with pytest.raises(BadHeader, match="no SeriesInstanceUID; the file ends inside its header"):
        read(path)


def test_the_beginning_of_a_file_reads_as_the_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "a", image(np.zeros((64, 64), np.uint16), PatientID="P1", Modality="CR"))
    data, whole = path.read_bytes(), read_instance(path, location="x")
    part, cut = read_beginning(data[:1000], location="x")
    assert (part.header, cut) == (whole.header, False)
    assert read_beginning(data, location="x") == (whole, False)
    assert read_beginning(data[: data.index(b"\x28\0\x10\0US") + 9], location="x")[1]
    with pytest.raises(BadHeader, match=r"the header has no .*StudyInstanceUID"):
        read_beginning(data[:200], location="x")


def test_a_beginning_takes_time_in_proportion_whatever_it_claims() -> None:
    """Each sequence is short and holds one without an end: what follows would be walked twice, and so on."""
    request, undefined = b"\x40\0\x75\x02SQ\0\0", b"\xff" * 4
    item_ = b"\xfe\xff\x00\xe0" + undefined
    again = request + struct.pack("<L", 28) + item_ + request + undefined + item_
    with pytest.raises(BadHeader, match=r"more than \d{3,4} elements"):
        read_beginning(again * 14 + b"\x40\0\x76\x02SH\0\0" * 1000, location="x")


def test_a_transfer_syntax_that_is_no_uid_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadHeader, match=r"no valid UID .* in TransferSyntaxUID"):
        read(raw_file(tmp_path / "a", explicit(identified()), b".2.840.10008.1.2.1"))


def test_dicomdir_and_deflated_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadHeader, match="DICOMDIR"):
        read(write(tmp_path / "a", identified("1.2.840.10008.1.3.10")))
    with pytest.raises(BadHeader, match="Deflated"):
        read(raw_file(tmp_path / "b", b"x" * 40, b"1.2.840.10008.1.2.1.99"))


def test_a_claimed_length_of_3_gb_costs_nothing(tmp_path: Path) -> None:
    import tracemalloc

    huge = b"\x29\x00\x10\x10OB\0\0" + struct.pack("<L", 3_000_000_000) + b"x" * 100
    patient_name = b"\x10\x00\x10\x00UT\0\0" + struct.pack("<L", 3_000_000_000) + b"A" * 200_000
    for index, block in enumerate((huge, patient_name)):
        path = raw_file(tmp_path / str(index), explicit(identified()) + block)
        tracemalloc.start()
        header = read(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4_000_000
        assert len(header.text("PatientName")) <= 10_240


def test_values_that_are_no_values(tmp_path: Path) -> None:
    data_set = identified(InstanceNumber="7")
    with pydicom.config.disable_value_validation(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data_set.add_new("KVP", "LO", "1,5 kV")
        data_set.add_new("SliceThickness", "LO", "NaN")
        data_set.add_new("Exposure", "LO", "1e999")
        data_set.add_new("PatientID", "LO", "A\0B\x1b[31mC\r\nD")
        data_set.add_new("ImageComments", "UT", "x" * 70_000)
        data_set.add_new("PatientWeight", "DS", "")
        path = write(tmp_path / "a", data_set)
    header = read(path)
    assert header.number("KVP") is None
    assert header.number("SliceThickness") is None
    assert header.number("Exposure") is None
    assert header["PatientID"] == "AB[31mC\r\nD"
    assert len(header.text("ImageComments")) == 10_240
    assert "PatientWeight" not in header
    assert json.loads(json.dumps(dict(header), allow_nan=False)) == dict(header)


def test_request_attributes_and_codes_become_lists(tmp_path: Path) -> None:
    data_set = identified(
        RequestedProcedureDescription="Chest",
        AdmittingDiagnosesDescription=["Pneumonia", "COPD"],
        RequestAttributesSequence=[
            item(RequestedProcedureDescription="Chest", ReasonForTheRequestedProcedure="Fever"),
            item(
                ReasonForTheRequestedProcedure="Cough",
                ReasonForRequestedProcedureCodeSequence=[
                    item(CodeValue="J18.9", CodingSchemeDesignator="I10", CodeMeaning="Pneumonia, unspecified")
                ],
            ),
        ],
    )
    header = read(write(tmp_path / "a", data_set))
    assert header["RequestedProcedureDescription"] == "Chest"
    assert header["ReasonForTheRequestedProcedure"] == ["Fever", "Cough"]
    assert header["ReasonForRequestedProcedureCodeSequence"] == ["I10:J18.9 Pneumonia, unspecified"]
    assert header.texts("AdmittingDiagnosesDescription") == ("Pneumonia", "COPD")


def test_functional_groups_are_read_as_if_at_the_top(tmp_path: Path) -> None:
    shared = item(PixelMeasuresSequence=[item(PixelSpacing=[0.7, 0.8], SliceThickness=2)])
    frame = item(PlanePositionSequence=[item(ImagePositionPatient=[1, 2, 3])])
    header = read(
        write(
            tmp_path / "a",
            identified(SharedFunctionalGroupsSequence=[shared], PerFrameFunctionalGroupsSequence=[frame, frame]),
        )
    )
    assert header.numbers("PixelSpacing") == (0.7, 0.8)
    assert header.numbers("ImagePositionPatient") == (1, 2, 3)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"Manufacturer": "Opportune"}, "Opportune itself"),
        ({"ManufacturerModelName": "opportune screening node "}, "Opportune itself"),
        ({"SeriesDescription": "AI 30-day mortality - summary (research)"}, "result of an algorithm"),
        ({"SeriesDescription": "AIR way (research)"}, None),
        ({"Modality": "SR"}, "structured report"),
        ({"Modality": "SEG"}, "segmentation"),
        ({"Modality": "PR"}, "presentation state"),
        ({"Modality": "KO"}, "key object"),
        ({"Modality": "DX", "Manufacturer": "Opportunity Imaging"}, None),
        ({}, None),
    ],
)
def test_is_own_output(values: dict[str, Any], expected: str | None) -> None:
    reason = is_own_output(Header(values))
    assert reason is None if expected is None else reason is not None and expected in reason


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8), st.integers(0, 10_000))
def test_mutated_bytes_never_raise_anything_else(tmp_path: Path, changes: list[tuple[int, int]], cut: int) -> None:
    shared = item(PixelMeasuresSequence=[item(PixelSpacing=[0.7, 0.8])])
    data = bytearray(write(tmp_path / "seed", identified(Rows=1, SharedFunctionalGroupsSequence=[shared])).read_bytes())
    for position, value in changes:
        data[132 + position % (len(data) - 132)] = value
    (tmp_path / "mutant").write_bytes(data[: cut or None])
    try:
        header = read(tmp_path / "mutant")
    except BadHeader:
        return
    json.dumps(dict(header), allow_nan=False)


@pytest.mark.real_data
def test_every_sample_is_read_or_refused(real_data: Path) -> None:
    """Where pydicom and we both read a file, UIDs, sizes and text are the same."""
    samples = real_data / "dicom_samples"
    compared = 0
    for row in csv.DictReader((samples / "manifest.csv").read_text().splitlines()):
        path = samples / row["file"]
        try:
            instance = read_instance(path, location="x")
        except BadHeader:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = pydicom.dcmread(path, stop_before_pixels=True, force=True)
            for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
                assert instance.header[keyword] == str(expected[keyword].value), path.name
            for keyword in ("Rows", "Columns", "BitsStored", "PixelRepresentation"):
                if isinstance(expected.get(keyword), int):
                    assert instance.header.number(keyword) == expected[keyword].value, path.name
            if path.parent.name == "charset":
                assert instance.header.text("PatientName").rstrip("=") == str(expected.PatientName), path.name
        compared += 1
    assert compared > 100
