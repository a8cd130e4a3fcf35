import math

import pytest

from models.spine_fracture_xr.clinical import ITEMS
from models.spine_fracture_xr.referral import YES_NO, prior_fracture, referral_of
from screening.header import Header, JsonValue
from screening.types import ClinicalContext, Patient

WOMAN = Patient(age_years=63.4, sex="F")
NOBODY = Patient(age_years=None, sex=None)


def values(patient: Patient = NOBODY, header: dict[str, JsonValue] | None = None, **items: float) -> dict[str, float]:
    found = referral_of(patient, Header(header or {}), ClinicalContext(items=items))
    return {name: float(v) for name, v in zip(ITEMS, found.values, strict=True) if not math.isnan(v)}


def test_what_is_not_known_stays_unknown() -> None:
    found = referral_of(NOBODY, Header({}), ClinicalContext())
    assert all(map(math.isnan, found.values))
    assert found.known == ()
    assert found.notes == (
        "Not known, and told to the model as such: age, sex, BMI, prior fracture, glucocorticoids, secondary"
        " osteoporosis, rheumatoid arthritis.",
    )


def test_header_and_context_give_all_seven() -> None:
    items = dict.fromkeys(YES_NO, 0.0) | {"glucocorticoid": 1.0}
    header = Header({"PatientSize": 1.6, "PatientWeight": 64.0})
    found = referral_of(WOMAN, header, ClinicalContext(items=items))
    assert found.values.tolist() == pytest.approx([63.4, 1, 25.0, 0, 1, 0, 0])
    assert found.unknown == ()
    assert found.notes == (
        "Told to the model besides the picture: age 63 years, female, BMI 25.0 kg/m2 (size and weight of the header),"
        " no prior fracture, glucocorticoids, no secondary osteoporosis, no rheumatoid arthritis.",
    )


def test_the_context_knows_the_bmi_better_than_the_header() -> None:
    assert values(header={"PatientSize": 1.6, "PatientWeight": 64.0}, bmi=31.0) == {"bmi": 31.0}


@pytest.mark.parametrize(("size", "weight"), [(160.0, 64.0), (1.6, 0.5), (1.1, 290.0)])
def test_size_or_weight_that_cannot_be_makes_no_bmi(size: float, weight: float) -> None:
    header: dict[str, JsonValue] = {"PatientSize": size, "PatientWeight": weight}
    assert values(header=header) == {}
    assert "which cannot be: no BMI" in referral_of(NOBODY, Header(header), ClinicalContext()).remarks[0]


def test_half_a_header_makes_no_bmi_and_no_remark() -> None:
    assert referral_of(NOBODY, Header({"PatientSize": 1.6}), ClinicalContext()).remarks == ()


def test_values_that_are_no_answer_are_said_and_not_used() -> None:
    found = referral_of(WOMAN, Header({}), ClinicalContext(items={"glucocorticoid": 2.0, "bmi": 241.0}))
    assert math.isnan(found.values[ITEMS.index("glucocorticoid")])
    assert math.isnan(found.values[ITEMS.index("bmi")])
    assert len(found.remarks) == 2


def test_a_bmi_beyond_what_was_learnt_is_said() -> None:
    assert "has learned from nobody" in referral_of(WOMAN, Header({}), ClinicalContext(items={"bmi": 48.0})).notes[-1]


def test_other_sexes_are_unknown() -> None:
    assert values(Patient(age_years=60.0, sex="O")) == {"age": 60.0}
    assert values(Patient(age_years=60.0, sex="M")) == {"age": 60.0, "female": 0.0}


def test_an_earlier_fracture_is_one_that_was_told() -> None:
    assert prior_fracture(ClinicalContext(items={"prior_fracture": 1.0}))
    assert not prior_fracture(ClinicalContext(items={"prior_fracture": 0.0}))
    assert not prior_fracture(ClinicalContext())
