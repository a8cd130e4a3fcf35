"""What is said beside the figures."""

from dataclasses import replace

import pytest

from models.bone_muscle_ct import remarks
from models.bone_muscle_ct.findings import Result
from screening.header import Header
from screening.types import Patient
from tests.models.bone_muscle_ct.scans import readings, scan_of
from training.phantoms.spine.phantom import make_spine_ct

USUAL = Header({"KVP": "120"})


@pytest.fixture(scope="module")
def result() -> Result:
    return Result(scan=scan_of(make_spine_ct(14, spacing=(4.0, 3.0, 3.0))), reading=readings(), risk=True, muscle=True)


def notes(result: Result, header: Header = USUAL, vessels: float = 45.0, spacing: float = 3.0) -> str:
    return "\n".join(remarks.notes_of(header, vessels, spacing, result, ()))


def test_a_usual_scan_gets_nothing_but_the_comparison(result: Result) -> None:
    assert notes(result) == remarks.REFERENCE_NOTE


@pytest.mark.parametrize(("age", "withheld"), [(49.9, True), (50.0, False), (80.9, False), (81.0, True), (None, True)])
def test_outside_of_the_cohorts_ages_the_risk_is_withheld(age: float | None, withheld: bool) -> None:
    found = remarks.against_risk(Patient(age_years=age, sex="F"), readings())
    assert bool(found) is withheld
    assert all("50 to 80" in reason for reason in found)


def test_a_probable_fracture_withholds_the_risk() -> None:
    (reason,) = remarks.against_risk(Patient(age_years=60, sex="F"), readings(fracture=0.5))
    assert "fracture is probable now" in reason
    assert remarks.against_risk(Patient(age_years=60, sex="F"), readings(fracture=0.49)) == ()


def test_metal_withholds_every_probability(result: Result) -> None:
    measured = replace(result.measured, metal=("L2", "L3"))
    assert remarks.against_networks(measured) == "metal in the spine (L2, L3)"
    assert remarks.against_networks(result.measured) is None


@pytest.mark.parametrize(
    ("vessels", "phase"), [(110.0, "venous or late"), (160.0, "venous or late"), (300.0, "arterial")]
)
def test_contrast_medium_is_noted_with_what_it_does(result: Result, vessels: float, phase: str) -> None:
    said = notes(result, vessels=vessels)
    assert f"{phase} phase: the vessels before the spine have {vessels:.0f} HU" in said
    assert "muscle reads some 5 to 20 HU higher" in said


def test_a_header_that_names_contrast_medium_is_not_believed_over_the_vessels(result: Result) -> None:
    header = Header({"KVP": "120", "ContrastBolusAgent": "Iodine"})
    assert "The header names a contrast medium; the vessels before the spine have 45 HU" in notes(result, header)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"KVP": "100"}, "Tube voltage 100 kVp; bone reads about 11 % brighter"),
        ({"KVP": "110"}, "Tube voltage 110 kVp. Nothing is corrected."),
        ({}, "no tube voltage"),
        ({"KVP": "120", "ConvolutionKernel": "B70f"}, "sharp kernel"),
    ],
    ids=str,
)
def test_how_the_scan_was_made_is_noted(result: Result, header: dict[str, str], said: str) -> None:
    assert said in notes(result, Header(dict(header)))


def test_thick_slices_are_noted(result: Result) -> None:
    assert "Slices of 5.0 mm" in notes(result, spacing=5.0)


def test_a_scan_beyond_the_training_data_and_cut_muscle_are_said_so(result: Result) -> None:
    reading = readings()
    reading.distance[:] = 1.2
    said = notes(replace(result, reading=reading, muscle=False))
    assert remarks.FAR_NOTE in said
    assert remarks.CUT_NOTE in said


def test_a_level_that_is_probably_fractured_is_named(result: Result) -> None:
    broken = readings(fracture=0.8, levels=(0.01, 0.7, 0.03, 0.01, 0.02, 0.01))
    assert "Probably fractured: L1. A collapsed body reads denser" in notes(replace(result, reading=broken))


def test_the_conclusion_tells_the_figures(result: Result) -> None:
    said = remarks.conclusion_of(result, (), "")
    assert said.startswith(
        "The estimated probability of a vertebral fracture of T12-L5 on this CT is 2 %. That of a new"
    )
    assert "4 % within 2 years, 6 % within 3 years and 10 % within 5 years." in said
    assert "Measured: trabecular bone of L1" in said


def test_the_conclusion_says_why_the_risk_is_withheld(result: Result) -> None:
    held = replace(result, reading=None, risk=False)
    said = remarks.conclusion_of(held, ("metal in the spine (L2)",), "")
    assert said.startswith("The risk is withheld: metal in the spine (L2). Measured: ")
    assert "probability" not in said
