"""The whole report: what is in it, that it is always the same, and that independent tools accept it."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID

from dicom_node.reports.build import build_report
from dicom_node.reports.request import Predecessor, ReportRequest
from models import registry
from screening.errors import BadHeader
from screening.findings import Findings, NotEvaluable, Outcome
from screening.header import Header
from screening.images import Radiograph
from screening.reports import FORMS, ObjectKind, Report
from screening.types import ClinicalContext, Patient
from tests.dicom_node.reports.dcmqi import check_with_dcmqi
from tests.dicom_node.reports.factories import (
    BIRTH_DATE,
    CARD,
    NAME,
    PATIENT_ID,
    REFUSAL,
    SOP_UID,
    STUDY_UID,
    make_findings,
    make_picture,
    make_request,
    make_source,
)
from tests.dicom_node.reports.validators import check_with_dciodvfy, check_with_dcmtk, validate
from training.phantoms.chest.phantom import make_phantom
from training.phantoms.child.phantom import make_child

ENHANCED_SR, COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.22", "1.2.840.10008.5.1.4.1.1.88.33"


def read(report: Report) -> dict[str, Dataset]:
    return {item.role: dcmread(BytesIO(item.encoded)) for item in report.objects}


def test_findings_with_a_picture_give_card_overlay_and_measurements() -> None:
    report = build_report(make_request(picture=make_picture()))
    assert [(item.kind, item.role) for item in report.objects] == [
        (ObjectKind.SC, "card"),
        (ObjectKind.SC, "overlay"),
        (ObjectKind.SR, "measurements"),
    ]
    objects = read(report)
    numbers = {role: (item.SeriesNumber, item.InstanceNumber, item.Modality) for role, item in objects.items()}
    assert numbers == {"card": (9010, 1, "OT"), "overlay": (9010, 2, "OT"), "measurements": (9011, 1, "SR")}
    assert objects["card"].SeriesInstanceUID == objects["overlay"].SeriesInstanceUID
    assert objects["card"].SeriesInstanceUID != objects["measurements"].SeriesInstanceUID
    for item, dataset in zip(report.objects, objects.values(), strict=True):
        assert item.sop_instance_uid == dataset.SOPInstanceUID == dataset.file_meta.MediaStorageSOPInstanceUID
        assert item.sop_class_uid == dataset.SOPClassUID == dataset.file_meta.MediaStorageSOPClassUID
        assert item.series_instance_uid == dataset.SeriesInstanceUID


def test_without_a_picture_or_with_another_one_there_is_no_overlay() -> None:
    assert [item.role for item in build_report(make_request()).objects] == ["card", "measurements"]
    other = build_report(make_request(picture=make_picture(sop_instance_uid="1.2.3")))
    assert [item.role for item in other.objects] == ["card", "measurements"]


def test_a_refusal_gives_card_and_measurements_even_with_a_picture() -> None:
    report = build_report(make_request(REFUSAL, picture=make_picture()))
    assert [item.role for item in report.objects] == ["card", "measurements"]


def test_every_object_belongs_to_the_patient_and_study_of_the_source() -> None:
    for dataset in read(build_report(make_request(picture=make_picture()))).values():
        assert (str(dataset.PatientName), dataset.PatientID) == (NAME, PATIENT_ID)
        assert (dataset.PatientBirthDate, dataset.PatientSex) == (BIRTH_DATE, "F")
        assert (dataset.StudyInstanceUID, dataset.AccessionNumber) == (STUDY_UID, "A-100")
        assert dataset.SpecificCharacterSet == "ISO_IR 192"


def test_a_chosen_instance_without_header_is_refused() -> None:
    with pytest.raises(BadHeader, match=r"chosen instance 1\.2\.9 is not among the sources"):
        build_report(make_request(chosen=("1.2.9",)))


def test_an_outcome_on_an_unknown_image_is_refused() -> None:
    with pytest.raises(BadHeader, match=r"instance 1\.2\.9 is referred to"):
        build_report(make_request(NotEvaluable(code="bad-view", reason="lateral", sop_instance_uid="1.2.9")))
    with pytest.raises(BadHeader, match=r"instance 1\.2\.9 is referred to"):
        build_report(make_request(make_findings(sop_instance_uid="1.2.9")))


def test_two_processes_write_the_same_bytes() -> None:
    program = (
        "import hashlib\n"
        "from dicom_node.reports.build import build_report\n"
        "from dataclasses import replace\n"
        "from screening.reports import FORMS\n"
        "from tests.dicom_node.reports.factories import make_picture, make_request\n"
        "for item in build_report(replace(make_request(picture=make_picture()), forms=FORMS)).objects:\n"
        "    print(item.sop_instance_uid, hashlib.sha256(item.encoded).hexdigest())\n"
    )
    root = Path(__file__).resolve().parents[3]
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    assert outputs[0] == outputs[1]
    assert len(outputs[0].splitlines()) == 6


@pytest.mark.parametrize(
    "changed",
    [
        {"run": 1},
        {"input_digest": "3" * 64},
        {"config_digest": "3" * 64},
        {"card": replace(CARD, version="0.2.0")},
        {"card": replace(CARD, weights_sha256="0" * 64)},
        {"card": replace(CARD, name="other")},
    ],
    ids=["run", "input", "config", "version", "weights", "model"],
)
def test_what_changes_the_result_changes_every_uid(changed: dict[str, object]) -> None:
    request = replace(make_request(picture=make_picture()), forms=FORMS)
    before = {item.sop_instance_uid for item in build_report(request).objects}
    after = {item.sop_instance_uid for item in build_report(replace(request, **changed)).objects}  # type: ignore[arg-type]
    assert len(before) == len(after) == 6
    assert not before & after


def test_a_revision_names_its_predecessor() -> None:
    predecessor = Predecessor(
        study_instance_uid=STUDY_UID,
        series_instance_uid="1.2.5",
        sop_instance_uid="1.2.5.1",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.88.34",
    )
    report = read(build_report(replace(make_request(), predecessors=(predecessor,))))["measurements"]
    (study,) = report.PredecessorDocumentsSequence
    (series,) = study.ReferencedSeriesSequence
    assert (study.StudyInstanceUID, series.SeriesInstanceUID) == (STUDY_UID, "1.2.5")
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.5.1"


def _order(dataset: Dataset) -> None:
    code, item = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "RPID16", "RADLEX", "XR CHEST 2 VIEWS"
    item.RequestedProcedureID, item.RequestedProcedureDescription = "RP1", "Thorax in 2 Ebenen, Übersicht"
    item.RequestedProcedureCodeSequence = [code]
    dataset.RequestAttributesSequence, dataset.ProcedureCodeSequence = [item], [code]


HEADERS: dict[str, Callable[[], Dataset]] = {
    "plain": make_source,
    "computed radiography": lambda: make_source(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.1", Modality="CR", ImagerPixelSpacing=None, PatientOrientation=None
    ),
    "ct": lambda: make_source(SOPClassUID="1.2.840.10008.5.1.4.1.1.2", Modality="CT", PixelSpacing=[0.7, 0.7]),
    "latin-1": lambda: make_source(PatientName="Äneas^Rüdiger", StudyDescription="Übersicht"),
    "latin-1 undeclared": lambda: make_source(patch=(b"ISO_IR 100", b"          "), PatientName="Buc^Jérôme"),
    "japanese": lambda: make_source(
        SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう"
    ),
    "unknown character set": lambda: make_source(patch=(b"ISO_IR 100", b"ISO_IR 999")),
    "missing items": lambda: make_source(
        PatientName=None,
        PatientBirthDate=None,
        PatientSex=None,
        StudyDate=None,
        StudyTime=None,
        StudyID=None,
        AccessionNumber=None,
        ReferringPhysicianName=None,
        PatientOrientation=None,
        ImagerPixelSpacing=None,
        SpecificCharacterSet=None,
        BodyPartExamined=None,
        Modality=None,
    ),
    "hashed": lambda: make_source(
        PatientBirthDate="d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
        PatientAge="62",
        PatientSex="unknown",
        AccessionNumber="d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
    ),
    "bad times": lambda: make_source(StudyDate="20261340", StudyTime="9h15", PatientAge="7 years"),
    "monochrome1": lambda: make_source(PhotometricInterpretation="MONOCHROME1", PixelSpacing=["0.000", "0.000"]),
    "paired part": lambda: make_source(BodyPartExamined="HAND", Laterality="L", PatientOrientation=["X", "Q1"]),
    "lossy": lambda: make_source(LossyImageCompression="01", LossyImageCompressionRatio="12.5"),
    "ordered": lambda: make_source(_order, SpecificCharacterSet="ISO_IR 192"),
    "own clock": lambda: make_source(TimezoneOffsetFromUTC="-0330"),
}


@pytest.mark.validators
@pytest.mark.parametrize("name", sorted(HEADERS))
def test_validators_accept_every_object(name: str, tmp_path: Path) -> None:
    source = HEADERS[name]()
    for outcome in (make_findings(), REFUSAL):
        request = make_request(outcome, source, picture=make_picture())
        validate(build_report(replace(request, forms=FORMS)), outcome, tmp_path)


@pytest.mark.validators
@pytest.mark.parametrize("sop_class_uid", [COMPREHENSIVE_SR, ENHANCED_SR])
@pytest.mark.parametrize("outcome", [make_findings(), REFUSAL], ids=["findings", "refusal"])
def test_the_same_content_is_legal_in_the_classes_that_older_archives_take(
    sop_class_uid: str, outcome: Outcome, tmp_path: Path
) -> None:
    dataset = read(build_report(make_request(outcome)))["measurements"]
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID(sop_class_uid)
    path = tmp_path / "report.dcm"
    dataset.save_as(path)
    check_with_dciodvfy(path)
    check_with_dcmtk(path)
    check_with_dcmqi(path, outcome)


def simulated(model: str) -> tuple[Radiograph, Patient]:
    """A chest radiograph for a model, and whose it is."""
    phantom = make_child(1004, longest_side=320) if model == "pediatric_age_cxr" else make_phantom(3, longest_side=320)
    picture = Radiograph(pixels=phantom.pixels, spacing=phantom.spacing, sop_instance_uid=SOP_UID, header=Header({}))
    return picture, Patient(age_years=phantom.age, sex="M")


@pytest.mark.validators
@pytest.mark.parametrize("name", ["cap_mortality_cxr", "pediatric_age_cxr"])
def test_validators_accept_the_report_of_a_chest_radiograph(name: str, tmp_path: Path) -> None:
    """As the models make them: risks, ages, a difference with its sign, and heat that speaks both ways."""
    picture, patient = simulated(name)
    rows, columns = picture.pixels.shape
    model = registry.load(name, device="cpu")
    outcome = model.predict(picture, patient, ClinicalContext())
    assert isinstance(outcome, Findings), outcome
    request = make_request(outcome, make_source(Rows=rows, Columns=columns), picture=picture)
    report = build_report(replace(request, card=model.card))
    assert [item.role for item in report.objects] == ["card", "overlay", "measurements"]
    validate(report, outcome, tmp_path)


REAL = [
    "crdx/dicom-test-files__RG3_JLSL.dcm", "crdx/dicom-test-files__RG3_JPLL.dcm", "crdx/pydicom-data__RG1_J2KI.dcm",
    "crdx/pylibjpeg-data__966_fixed.dcm", "crdx/pylibjpeg-data__RG1_JLSN.dcm", "crdx/pylibjpeg-data__RG2_JLSN.dcm",
    "crdx/torchxrayvision__Fake_MONOHR1.dcm", "charset/pydicom__chrFren.dcm", "charset/pydicom__chrFrenMulti.dcm",
    "charset/pydicom__chrGerm.dcm", "charset/pydicom__chrGreek.dcm", "charset/pydicom__chrH31.dcm",
    "charset/pydicom__chrH32.dcm", "charset/pydicom__chrHbrw.dcm", "charset/pydicom__chrI2.dcm",
    "charset/pydicom__chrJapMulti.dcm", "charset/pydicom__chrRuss.dcm", "charset/pydicom__chrX2.dcm",
]  # fmt: skip


@pytest.mark.validators
@pytest.mark.real_data
@pytest.mark.parametrize("name", REAL)
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")  # what pydicom says of the source itself
def test_validators_accept_the_reports_of_real_headers(name: str, real_data: Path, tmp_path: Path) -> None:
    source = dcmread(real_data / "dicom_samples" / name, stop_before_pixels=True)
    uid, rows, columns = str(source.SOPInstanceUID), source.Rows, source.Columns
    findings = make_findings(sop_instance_uid=uid, rows=rows, columns=columns)
    for outcome in (findings, REFUSAL):
        picture = make_picture(sop_instance_uid=uid, rows=rows, columns=columns)
        request = make_request(outcome, source, picture=picture, chosen=(uid,))
        validate(build_report(replace(request, forms=FORMS)), outcome, tmp_path)


@pytest.mark.real_data
@pytest.mark.filterwarnings("ignore:Invalid value for VR UI:UserWarning")
def test_a_real_uid_with_a_leading_zero_is_referred_to_as_it_is(real_data: Path) -> None:
    source = dcmread(real_data / "dicom_samples/crdx/fo-dicom__CR-ModalitySequenceLUT.dcm", stop_before_pixels=True)
    uid = str(source.SOPInstanceUID)
    request = make_request(source=source, chosen=(uid,), outcome=NotEvaluable(code="x", reason="y"))
    report = read(build_report(request))["measurements"]
    evidence = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert evidence.ReferencedSOPInstanceUID == uid == "999.999.01.23.45.6789"


def test_requests_with_the_same_sources_share_their_evidence_but_not_their_uids() -> None:
    first = read(build_report(make_request()))["measurements"]
    again: ReportRequest = replace(make_request(), run=1)
    second = read(build_report(again))["measurements"]
    references = [
        item.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
        for item in (first, second)
    ]
    assert [item.ReferencedSOPInstanceUID for item in references] == [SOP_UID, SOP_UID]
    assert first.SOPInstanceUID != second.SOPInstanceUID
