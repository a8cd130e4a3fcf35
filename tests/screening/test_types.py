from typing import Any

import pytest

from screening.types import Eligible, Ineligible, Patient, Series, Study, is_uid, require_uid
from tests.screening.factories import UID, make_header, make_instance


@pytest.mark.parametrize("text", ["1.2.840.10008.1.1", "0.1", "2.25.0", "1", "1" * 64])
def test_uid(text: str) -> None:
    assert is_uid(text)
    require_uid("study_instance_uid", text)


def test_leading_zeros_of_real_devices_are_taken() -> None:
    assert is_uid("999.999.01.23.45.6789")


@pytest.mark.parametrize("text", ["", "1.", ".1", "1..2", "1.2 ", "1.2\n", "a.b", "1.2/../3", "1" * 65, "1.\u0662"])
def test_no_uid(text: str) -> None:
    assert not is_uid(text)
    with pytest.raises(ValueError, match="study_instance_uid must be a DICOM UID") as caught:
        require_uid("study_instance_uid", text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["sop_class_uid", "sop_instance_uid", "series_instance_uid", "study_instance_uid", "transfer_syntax_uid"],
)
def test_instance_needs_uids(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a DICOM UID"):
        make_instance(**{name: "1..2"})


@pytest.mark.parametrize("digest", ["", "0123", "0123456789ABCDEF" * 4, "0123456789abcdef" * 4 + "0"])
def test_instance_needs_a_digest(digest: str) -> None:
    with pytest.raises(ValueError, match="digest must be a SHA-256"):
        make_instance(digest=digest)


def test_repr_of_an_instance_tells_no_patient() -> None:
    instance = make_instance(header=make_header(PatientName="Doe^Jane", PatientID="4711"))
    assert "Doe" not in repr(instance)
    assert "4711" not in repr(instance)
    assert "Doe" not in repr(Series(series_instance_uid=f"{UID}.2", instances=(instance,)))


def test_series_speaks_through_its_first_instance() -> None:
    first = make_instance(header=make_header(Modality=" cr "))
    series = Series(series_instance_uid=f"{UID}.2", instances=(first, make_instance(sop_instance_uid=f"{UID}.4")))
    assert series.modality == "CR"
    assert series.header is first.header


def test_modality_of_a_series_without_one() -> None:
    series = Series(series_instance_uid=f"{UID}.2", instances=(make_instance(header=make_header()),))
    assert series.modality == ""


def test_empty_series() -> None:
    with pytest.raises(ValueError, match="must have an instance"):
        Series(series_instance_uid=f"{UID}.2", instances=())


def test_instances_of_a_study_keep_their_order() -> None:
    instances = [make_instance(sop_instance_uid=f"{UID}.{n}") for n in (3, 4, 5)]
    study = Study(
        study_instance_uid=f"{UID}.1",
        series=(
            Series(series_instance_uid=f"{UID}.2", instances=(instances[0], instances[1])),
            Series(series_instance_uid=f"{UID}.6", instances=(instances[2],)),
        ),
    )
    assert list(study.instances) == instances


@pytest.mark.parametrize("age", [None, 0.0, 18.99, 150])
def test_ages(age: float | None) -> None:
    assert Patient(age_years=age, sex=None).age_years == age


@pytest.mark.parametrize("age", [-0.01, 150.1, float("nan"), float("inf")])
def test_impossible_ages(age: float) -> None:
    with pytest.raises(ValueError, match=r"age_years must lie in 0\.\.150"):
        Patient(age_years=age, sex=None)


@pytest.mark.parametrize("sex", ["m", "X", ""])
def test_sex_is_as_dicom_codes_it(sex: str) -> None:
    with pytest.raises(ValueError, match="sex must be M, F, O or None"):
        Patient(age_years=None, sex=sex)


def test_eligible_names_an_image() -> None:
    with pytest.raises(ValueError, match="at least one SOP Instance UID"):
        Eligible(series_instance_uid=UID, sop_instance_uids=(), reason="frontal view")


@pytest.mark.parametrize("code", ["wrong-view", "age-under-18", "ct"])
def test_reason_codes(code: str) -> None:
    assert Ineligible(series_instance_uid=UID, code=code, reason="because").code == code


@pytest.mark.parametrize("code", ["", "Wrong-View", "wrong view", "-view", "wrong--view", "wrong_view"])
def test_malformed_reason_codes(code: str) -> None:
    with pytest.raises(ValueError, match="code must be lower-case words"):
        Ineligible(series_instance_uid=UID, code=code, reason="because")


def test_values_are_frozen() -> None:
    instance: Any = make_instance()
    with pytest.raises(AttributeError):
        instance.digest = "0" * 64
