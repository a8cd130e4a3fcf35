import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dicom_node.header import read_instance
from dicom_node.pixels import read_radiograph
from models import registry
from models.pediatric_age_cxr import pipeline
from models.pediatric_age_cxr.pipeline import PediatricAge, load
from models.pediatric_age_cxr.reader import Ages
from screening.codes import CodedName
from screening.errors import WeightsMismatch
from screening.findings import Findings, NotEvaluable
from screening.header import Header, JsonValue
from screening.images import Image, Radiograph, Volume
from screening.patient import patient_of
from screening.types import ClinicalContext, Patient
from training.phantoms.chest.lateral import make_lateral
from training.phantoms.child.phantom import ChildPhantom, make_child
from training.phantoms.dicom import PhantomPatient, birth_date_of, write_radiograph
from training.phantoms.other import make_other

NAME = "pediatric_age_cxr"
NOTHING = ClinicalContext()
SEVEN = Patient(age_years=7.0, sex="M")


@pytest.fixture(scope="module")
def model() -> PediatricAge:
    loaded = registry.load(NAME, device="cpu")
    assert isinstance(loaded, PediatricAge)
    return loaded


@pytest.fixture(scope="module")
def child() -> ChildPhantom:
    return make_child(1004, longest_side=400)  # a boy of 10 years 7 months


def radiograph(pixels: Any, spacing: tuple[float, float] | None = None, **header: JsonValue) -> Radiograph:
    return Radiograph(pixels=pixels, spacing=spacing, sop_instance_uid="1.2.3", header=Header(header))


def of(phantom: ChildPhantom, **header: JsonValue) -> Radiograph:
    return radiograph(phantom.pixels, phantom.spacing, **header)


def found(model: PediatricAge, image: Image, patient: Patient = SEVEN) -> Findings:
    outcome = model.predict(image, patient, NOTHING)
    assert isinstance(outcome, Findings), outcome
    return outcome


def refused(model: PediatricAge, image: Image, patient: Patient = SEVEN, context: ClinicalContext = NOTHING) -> str:
    outcome = model.predict(image, patient, context)
    assert isinstance(outcome, NotEvaluable), outcome
    return outcome.code


def values(findings: Findings) -> dict[str, float]:
    return {measurement.name.value: measurement.value for measurement in findings.groups[0].measurements}


Say = Callable[..., None]


@pytest.fixture
def say(model: PediatricAge, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Make the network answer so many months, with this interval and distance."""

    def answer(months: float, low: float, high: float, distance: float = 0.5) -> None:
        told = Ages(*(), **{name: np.array([value]) for name, value in (
            ("months", months), ("lower", low), ("upper", high), ("distance", distance))})  # fmt: skip
        monkeypatch.setattr(model._reader, "read", lambda *_: told)

    return answer


def test_findings_hold_what_the_report_needs(model: PediatricAge, child: ChildPhantom) -> None:
    rows, columns = child.pixels.shape
    findings = found(model, of(child), Patient(age_years=child.age, sex="M"))
    (group,) = findings.groups
    assert group.tracking_identifier == "Chest radiograph - analysed area"
    assert (group.finding.value, group.site.value) == ("AGEESTIM", "816094009")
    assert [(m.name.scheme, m.name.value, m.unit.value) for m in group.measurements] == [
        ("99OPPORTUNE", "AGECXR", "mo"), ("DCM", "121033", "mo"),
        ("99OPPORTUNE", "AGEDIFF", "mo"), ("99OPPORTUNE", "AGEDIFFZ", "1"),
    ]  # fmt: skip
    age = group.measurements[0]
    assert age.low is not None
    assert age.high is not None
    assert 0 <= age.low < age.value < age.high <= 216
    assert age.value == pytest.approx(child.months, abs=48)  # four times the error measured on simulated children
    assert all(0 < x < columns and 0 < y < rows for x, y in group.region.points)
    heat = findings.heatmap
    assert heat is not None
    assert heat.ends == ("younger", "older")
    assert heat.values.min() < 0 < heat.values.max()
    left, top, right, bottom = heat.box
    assert 0 <= left < right <= columns
    assert 0 <= top < bottom <= rows
    assert findings.out_of_distribution is not None
    assert "decides no question of law" in findings.conclusion


def test_the_same_picture_gives_the_same_findings(model: PediatricAge, child: ChildPhantom) -> None:
    first, second = found(model, of(child)), found(registry.load(NAME, device="cpu"), of(child))  # type: ignore[arg-type]
    assert first.groups == second.groups
    assert first.conclusion == second.conclusion
    assert first.heatmap is not None
    assert second.heatmap is not None
    np.testing.assert_array_equal(first.heatmap.values, second.heatmap.values)


def test_older_children_are_told_to_be_older(model: PediatricAge) -> None:
    phantoms = [make_child(seed, longest_side=256) for seed in range(2000, 2016)]
    told = [values(found(model, of(phantom)))["AGECXR"] for phantom in phantoms]
    true = [phantom.months for phantom in phantoms]
    assert np.corrcoef(told, true)[0, 1] > 0.8


def test_difference_and_z_come_from_the_age_in_the_calendar(model: PediatricAge, child: ChildPhantom, say: Say) -> None:
    say(100.0, 80.0, 120.0)
    findings = found(model, of(child))
    assert values(findings) == {"AGECXR": 100, "121033": 84, "AGEDIFF": 16, "AGEDIFFZ": pytest.approx(
        model._reader.z([100.0], [84.0])[0], abs=0.005)}  # fmt: skip
    assert "8 years 4 months (80 % interval 6 years 8 months to 10 years)" in findings.conclusion
    assert "By the calendar the child is 7 years: it looks 16 months older" in findings.conclusion
    younger = found(model, of(child), Patient(age_years=10.0, sex="M"))
    assert "it looks 20 months younger" in younger.conclusion
    same = found(model, of(child), Patient(age_years=100 / 12, sex="M"))
    assert "it looks as old as that" in same.conclusion


def test_a_birthday_counts_although_its_days_may_fall_short(model: PediatricAge, child: ChildPhantom, say: Say) -> None:
    say(100.0, 80.0, 120.0)
    born = {"PatientBirthDate": "20180301", "AcquisitionDate": "20250301"}  # 2557 days: 6.9999 years
    assert values(found(model, of(child, **born), patient_of(Header(born))))["121033"] == 84


def test_an_age_in_whole_years_is_compared_at_the_middle_of_the_year(
    model: PediatricAge, child: ChildPhantom, say: Say
) -> None:
    say(100.0, 80.0, 120.0)
    findings = found(model, of(child, PatientAge="007Y"))
    assert values(findings)["121033"] == 84
    assert values(findings)["AGEDIFF"] == 10
    assert pipeline.WHOLE_YEARS_NOTE in findings.notes
    exact = found(model, of(child, PatientAge="007Y", PatientBirthDate="20190301", StudyDate="20260301"))
    assert values(exact)["AGEDIFF"] == 16
    assert pipeline.WHOLE_YEARS_NOTE not in exact.notes


def test_without_an_age_there_is_neither_difference_nor_z(model: PediatricAge, child: ChildPhantom, say: Say) -> None:
    say(100.0, 80.0, 167.0, 1.0)
    findings = found(model, of(child), Patient(age_years=None, sex="M"))
    assert values(findings) == {"AGECXR": 100}
    assert pipeline.NO_AGE_NOTE in findings.notes
    assert "calendar" not in findings.conclusion


@pytest.mark.parametrize(
    ("high", "distance"), [(168.0, 0.5), (220.0, 0.5), (120.0, 1.01)], ids=["from 14 years", "grown", "foreign"]
)
def test_without_an_age_no_number_is_told_near_an_age_that_decides(
    model: PediatricAge, child: ChildPhantom, say: Say, high: float, distance: float
) -> None:
    say(100.0, 80.0, high, distance)
    assert refused(model, of(child), Patient(age_years=None, sex="M")) == "age-unknown"
    assert values(found(model, of(child)))["AGECXR"] == 100  # with an age it is


def test_nothing_is_told_beyond_the_end_of_the_scale(model: PediatricAge, child: ChildPhantom, say: Say) -> None:
    say(221.0, 199.0, 228.0)
    findings = found(model, of(child), Patient(age_years=17.0, sex="M"))
    age = findings.groups[0].measurements[0]
    assert (age.value, age.low, age.high) == (216, 199, 216)
    assert values(findings)["AGEDIFF"] == 12
    assert pipeline.END_NOTE in findings.notes
    say(190.0, 170.0, 215.0)
    assert pipeline.END_NOTE not in found(model, of(child), Patient(age_years=17.0, sex="M")).notes


@pytest.mark.parametrize("years", [18.0, 6574 / 365.2425, 40.0])
def test_whoever_is_of_age_is_refused(model: PediatricAge, child: ChildPhantom, years: float) -> None:
    assert refused(model, of(child), Patient(age_years=years, sex="F")) == "not-a-child"


def test_a_question_for_an_age_is_refused_whoever_it_is_about(model: PediatricAge, child: ChildPhantom) -> None:
    asked = of(child, ReasonForTheRequestedProcedure="Altersschätzung")
    told = CodedName(value="1", scheme="99X", meaning="Forensic age assessment")
    for patient in (SEVEN, Patient(age_years=None, sex=None), Patient(age_years=30.0, sex="M")):
        assert refused(model, asked, patient) == "age-assessment"
        assert refused(model, of(child), patient, ClinicalContext(diagnoses=(told,))) == "age-assessment"


def test_what_is_no_upright_frontal_chest_is_refused(model: PediatricAge, child: ChildPhantom) -> None:
    wrong = {
        "lateral": make_lateral(1, longest_side=300).pixels,
        "upside-down": np.ascontiguousarray(child.pixels[::-1, ::-1]),
        "turned": np.ascontiguousarray(np.rot90(child.pixels)),
        "inverted": 1 - child.pixels,
        "other": make_other(1, longest_side=300),
    }
    for what, pixels in wrong.items():
        assert refused(model, radiograph(pixels)) in ("not-a-frontal-chest", "image-clipped"), what
    assert refused(model, radiograph(child.pixels[:100, :100])) == "image-too-small"
    volume = Volume(
        hu=np.zeros((1, 4, 4), np.float32), spacing=(1.0, 1.0, 1.0), affine=np.eye(4), sop_instance_uids=("1.2",),
        header=Header({}),
    )  # fmt: skip
    assert refused(model, volume) == "not-a-radiograph"


def test_what_is_not_known_is_said(model: PediatricAge, child: ChildPhantom) -> None:
    whole = found(model, of(child)).notes
    assert pipeline.NO_SEX_NOTE not in whole
    assert pipeline.NO_SIZE_NOTE not in whole
    less = found(model, radiograph(child.pixels), Patient(age_years=7.0, sex="O")).notes
    assert {pipeline.NO_SEX_NOTE, pipeline.NO_SIZE_NOTE} <= set(less)


def test_a_foreign_picture_is_said_so_once(model: PediatricAge, child: ChildPhantom, say: Say) -> None:
    say(100.0, 80.0, 120.0, 1.0)
    assert pipeline.FAR_NOTE not in found(model, of(child)).notes
    say(100.0, 80.0, 120.0, 1.01)
    assert found(model, of(child)).notes.count(pipeline.FAR_NOTE) == 1


def test_a_picture_too_small_for_the_map_has_none_and_says_so(model: PediatricAge, child: ChildPhantom) -> None:
    size = model.card.input_size[0]
    mm = 448 / size * 32  # of a cell of the map
    tiny = radiograph(child.pixels, (mm / max(child.pixels.shape),) * 2)
    if mm < 60:
        pytest.skip("a cell of this bundle's map is smaller than any radiograph")
    findings = found(model, tiny)
    assert findings.heatmap is None
    assert pipeline.NO_MAP_NOTE in findings.notes


def test_the_age_comes_from_birth_date_and_acquisition(
    model: PediatricAge, child: ChildPhantom, tmp_path: Path
) -> None:
    acquired = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    path, born = tmp_path / "chest.dcm", birth_date_of(child, acquired.date())
    patient = PhantomPatient(patient_id="P1", name="Phantom^Child", birth_date=born)
    write_radiograph(path, child, patient=patient, study_instance_uid="1.2.3", acquired=acquired)
    instance = read_instance(path, location="chest.dcm")
    findings = found(model, read_radiograph(path, instance), patient_of(instance.header))
    assert values(findings)["121033"] == int(child.months)
    assert findings.notes == () or pipeline.NO_MAP_NOTE in findings.notes


def test_parts_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    bundle = shutil.copytree(registry.bundle(NAME), tmp_path / "bundle")
    path = bundle / "configs" / "opportune.json"
    configuration = json.loads(path.read_text())
    del configuration["calibration"]["spread"]
    path.write_text(json.dumps(configuration))
    with pytest.raises(WeightsMismatch, match="lacks 'spread'"):
        load(bundle, device="cpu", threads=1, settings=None)


def test_weights_that_make_no_number_are_found_by_the_probe(
    model: PediatricAge, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 < model.probe() < 1
    monkeypatch.setattr(model._reader, "contributions", lambda *_: [np.full((3, 3), np.nan, np.float32)])
    with pytest.raises(WeightsMismatch, match="the map is not finite"):
        model.probe()
