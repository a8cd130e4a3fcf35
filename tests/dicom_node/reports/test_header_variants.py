"""Headers as hospitals write them: a valid report comes out, or none because nobody could tell whose it is."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from dicom_node.reports.build import build_report
from screening.errors import BadHeader
from tests.dicom_node.reports.factories import (
    BIRTH_DATE,
    NAME,
    PATIENT_ID,
    REFUSAL,
    make_findings,
    make_picture,
    make_request,
    make_source,
)
from tests.dicom_node.reports.validators import validate

NAMES = {
    "pydicom__chrFren.dcm": "Buc^J\xe9r\xf4me",
    "pydicom__chrFrenMulti.dcm": "Buc^J\xe9r\xf4me",
    "pydicom__chrGerm.dcm": "\xc4neas^R\xfcdiger",
    "pydicom__chrGreek.dcm": "Διονυσιος",
    "pydicom__chrH31.dcm": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "pydicom__chrH32.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "pydicom__chrHbrw.dcm": "שרון^דבורה",
    "pydicom__chrI2.dcm": "Hong^Gildong=洪^吉洞=홍^길동",
    "pydicom__chrJapMulti.dcm": "やまだ^たろう",
    "pydicom__chrRuss.dcm": "Люкceмбypг",  # noqa: RUF001 (Cyrillic with some Latin letters, as the file has it)
    "pydicom__chrX2.dcm": "Wang^XiaoDong=王^小东",
}
"""Patients of the samples, most of them in PS3.5 annexes H to K."""

NOBODY = {
    "pydicom__chrSQEncoding.dcm": "a data set of one sequence",
    "pydicom__charset.rst.dcm": "a page of text",
    "dcmtk__charset.pivot.dcm": "a page of text",
    "dcmtk__FindLIBCHARSET.cmake.dcm": "a build script",
}
"""Samples without identity, and what they are."""

TYPE_2 = (
    "PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID", "AccessionNumber",
    "ReferringPhysicianName", "PatientOrientation", "Laterality", "Manufacturer", "SeriesNumber", "InstanceNumber",
)  # fmt: skip
"""Attributes that a valid image may have empty, and that a careless sender leaves out."""

SEXES = ("", "f", "O", "W", "MF", "unknown", "\xc4", "1", "M\\F")
AGES = ("000D", "007D", "003W", "018M", "120Y", "999Y", "7Y", "62", "-05Y", "62 years", "Y062", "")
BIRTH_DATES = ("", "18990101", "20991231", "19510431", "1951", "195104", "1951.04.17", "00000000", "unknown")


@contextmanager
def quiet() -> Iterator[None]:
    """Without what pydicom says of the sources themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def built(source: Dataset, folder: Path) -> list[Dataset]:
    """The objects of a finding and of a refusal, after the validators have seen them."""
    objects: list[Dataset] = []
    for outcome in (make_findings(), REFUSAL):
        report = build_report(make_request(outcome, source, picture=make_picture()))
        validate(report, outcome, folder)
        objects += [dcmread(BytesIO(item.encoded)) for item in report.objects]
    assert len(objects) == 5
    return objects


@pytest.mark.real_data
def test_every_sample_of_a_character_set_is_told_of(real_data: Path) -> None:
    assert {path.name for path in (real_data / "dicom_samples" / "charset").iterdir()} == {*NAMES, *NOBODY}


@pytest.mark.real_data
@pytest.mark.parametrize("name", sorted(NAMES))
def test_names_of_the_samples_stay_whole(name: str, real_data: Path) -> None:
    with quiet():
        source = dcmread(real_data / "dicom_samples" / "charset" / name, stop_before_pixels=True)
        uid, rows, columns = str(source.SOPInstanceUID), int(source.Rows), int(source.Columns)
        findings = make_findings(sop_instance_uid=uid, rows=rows, columns=columns)
        picture = make_picture(sop_instance_uid=uid, rows=rows, columns=columns)
        report = build_report(make_request(findings, source, picture=picture, chosen=(uid,)))
    for item in report.objects:
        ds = dcmread(BytesIO(item.encoded))
        assert (ds.SpecificCharacterSet, str(ds.PatientName)) == ("ISO_IR 192", NAMES[name])
        assert NAMES[name].encode() in item.encoded  # in UTF-8, whatever the source had


@pytest.mark.real_data
@pytest.mark.parametrize("name", sorted(NOBODY))
def test_samples_of_nobody_give_no_report(name: str, real_data: Path) -> None:
    with quiet():
        source = dcmread(real_data / "dicom_samples" / "charset" / name, force=True)
        with pytest.raises(BadHeader):
            build_report(make_request(source=source))


@pytest.mark.validators
@pytest.mark.parametrize("found", [None, ""], ids=["absent", "empty"])
@pytest.mark.parametrize("keyword", TYPE_2)
def test_what_the_source_leaves_out_is_left_out(keyword: str, found: str | None, tmp_path: Path) -> None:
    values: dict[str, Any] = {keyword: found}
    for ds in built(make_source(**values), tmp_path):
        assert ds.PatientID == PATIENT_ID
        if keyword.startswith(("Patient", "Study", "Accession", "Referring")) and keyword != "PatientOrientation":
            assert not ds[keyword].value
        if keyword != "PatientName":
            assert str(ds.PatientName) == NAME


@pytest.mark.validators
@pytest.mark.parametrize("sex", SEXES)
def test_a_sex_that_is_none_is_empty(sex: str, tmp_path: Path) -> None:
    known = {"f": "F", "O": "O"}
    # of two values the first is told
    expected = known.get(sex, "M" if sex == "M\\F" else "")
    for ds in built(make_source(PatientSex=sex), tmp_path):
        assert ds.PatientSex == expected
        assert str(ds.PatientName) == NAME


@pytest.mark.validators
@pytest.mark.parametrize("age", AGES)
def test_an_age_is_copied_or_left_out(age: str, tmp_path: Path) -> None:
    for ds in built(make_source(PatientAge=age), tmp_path):
        assert ds.get("PatientAge") in (age, None)
        assert ("PatientAge" in ds) == (len(age) == 4 and age[:3].isdigit() and age[3] in "DWMY")
        assert ds.PatientBirthDate == BIRTH_DATE


@pytest.mark.validators
@pytest.mark.parametrize("date", BIRTH_DATES)
def test_a_birth_date_is_copied_or_empty(date: str, tmp_path: Path) -> None:
    expected = {"18990101": date, "20991231": date, "1951.04.17": "19510417"}.get(date, "")
    for ds in built(make_source(PatientBirthDate=date), tmp_path):
        assert ds.PatientBirthDate == expected
        assert str(ds.PatientName) == NAME
