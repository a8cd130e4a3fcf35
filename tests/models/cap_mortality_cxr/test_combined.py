"""CURB-65 from the clinical context, and its probability together with the image, told beside the image's own."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from models import registry
from models.cap_mortality_cxr import preprocess
from models.cap_mortality_cxr.combined import Combination, severity_of
from models.cap_mortality_cxr.pipeline import load
from models.cap_mortality_cxr.reader import load_reader
from screening.findings import Findings
from screening.header import Header
from screening.images import Radiograph
from screening.types import ClinicalContext, Patient
from training.phantoms.chest.phantom import make_phantom

BUNDLE = registry.bundle("cap_mortality_cxr")
PATIENT = Patient(age_years=70.9, sex="F")
ITEMS = {
    "confusion": 0.0, "urea_mmol_per_l": 8.1, "respiratory_rate": 32.0, "systolic_mmhg": 118.0, "diastolic_mmhg": 74.0,
}  # fmt: skip
PIXELS = make_phantom(11, longest_side=200).pixels


def predict(items: Mapping[str, float], bundle: Path = BUNDLE) -> Findings:
    model = load(bundle, device="cpu", threads=1, settings=None)
    image = Radiograph(pixels=PIXELS, spacing=None, sop_instance_uid="1.2.3", header=Header({}))
    outcome = model.predict(image, PATIENT, ClinicalContext(items=items))
    assert isinstance(outcome, Findings), outcome
    return outcome


def bundle_with(folder: Path, **recalibration: dict[str, object]) -> Path:
    """The shipped bundle without its combination, or with maps of a site's own."""
    shutil.copytree(BUNDLE, folder / "bundle")
    path = folder / "bundle" / "configs" / "opportune.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    if recalibration:
        values["calibration"]["recalibration"] = recalibration
    else:
        del values["combined"]
    path.write_text(json.dumps(values), encoding="utf-8")
    return folder / "bundle"


def test_every_item_known_gives_the_score_and_says_so() -> None:
    found = severity_of(PATIENT, ClinicalContext(items=ITEMS))
    assert (found.score, found.unknown) == (3, ())
    assert found.notes == (
        "CURB-65 is 3, from the age and the clinical context: no confusion, urea 8.1 mmol/l, respiratory rate 32 /min,"
        " systolic pressure 118 mmHg, diastolic pressure 74 mmHg, age 70 years.",
    )


@pytest.mark.parametrize(
    ("name", "title"),
    [("confusion", "confusion"), ("urea_mmol_per_l", "urea"), ("respiratory_rate", "respiratory rate"),
     ("systolic_mmhg", "systolic pressure"), ("diastolic_mmhg", "diastolic pressure")],
)  # fmt: skip
def test_a_missing_item_is_named_and_gives_no_score(name: str, title: str) -> None:
    found = severity_of(PATIENT, ClinicalContext(items={key: v for key, v in ITEMS.items() if key != name}))
    assert (found.score, found.unknown) == (None, (title,))
    (note,) = found.notes
    assert f"Not known: {title}. Known:" in note


def test_nothing_known_is_said_in_one_sentence() -> None:
    found = severity_of(Patient(age_years=None, sex=None), ClinicalContext())
    assert found.unknown[-1] == "age"
    assert found.notes[0].endswith("Known: nothing.")


@pytest.mark.parametrize(("name", "value"), [("urea_mmol_per_l", 900.0), ("confusion", 0.5), ("systolic_mmhg", np.nan)])
def test_a_value_that_cannot_be_is_not_used(name: str, value: float) -> None:
    found = severity_of(PATIENT, ClinicalContext(items=ITEMS | {name: value}))
    assert found.score is None
    assert len(found.unknown) == 1
    assert found.notes[-1].endswith(": not used.")


def test_both_together_stand_beside_the_headline_of_the_image_alone() -> None:
    alone, both = predict({}), predict(ITEMS)
    assert both.groups[:-1] == alone.groups
    *_, last = both.groups
    combined, score = last.measurements
    assert (combined.name.value, combined.unit.value, combined.horizon_days) == ("MORT30DCURB65", "%", 30)
    assert (score.name.value, score.value, score.unit.value) == ("CURB65", 3.0, "{score}")
    assert last.region == both.groups[0].region
    assert last.qualitative == ()  # the site's thresholds are of the headline
    assert f"Image and CURB-65 together give {combined.value:.0f} %." in both.conclusion
    assert "together" not in alone.conclusion


def test_the_node_says_what_evaluation_judges() -> None:
    reader = load_reader(BUNDLE)
    square, _ = preprocess.prepare(PIXELS, reader.size)
    assert reader.combination is not None
    judged = reader.combination(reader.probabilities(square[None]), np.array([3.0]))[0]
    assert predict(ITEMS).groups[-1].measurements[0].value == pytest.approx(100 * judged, abs=6e-3)


def test_a_worse_score_is_a_higher_probability() -> None:
    well = ITEMS | {"urea_mmol_per_l": 5.0, "respiratory_rate": 16.0}
    ill = ITEMS | {"confusion": 1.0, "systolic_mmhg": 80.0}
    values = [predict(items).groups[-1].measurements[0].value for items in (well, ITEMS, ill)]
    assert values == sorted(values)
    assert len(set(values)) == 3


def test_each_probability_has_the_sites_recalibration_of_its_own(tmp_path: Path) -> None:
    up = {"method": "intercept", "intercept": 1.0, "slope": 1.0}
    before, after = predict(ITEMS), predict(ITEMS, bundle_with(tmp_path, combined=up))
    assert after.groups[0] == before.groups[0]
    p, q = (f.groups[-1].measurements[0].value / 100 for f in (before, after))
    assert np.log(q / (1 - q)) == pytest.approx(np.log(p / (1 - p)) + 1, abs=1e-3)


def test_the_recalibration_of_the_image_does_not_enter_both_together(tmp_path: Path) -> None:
    up = {"method": "intercept", "intercept": 1.0, "slope": 1.0}
    before, after = predict(ITEMS), predict(ITEMS, bundle_with(tmp_path, risk=up))
    assert after.groups[0] != before.groups[0]
    assert after.groups[-1] == before.groups[-1]


def test_weights_without_coefficients_tell_the_score_alone_and_say_so(tmp_path: Path) -> None:
    found = predict(ITEMS, bundle_with(tmp_path))
    assert [m.name.value for m in found.groups[-1].measurements] == ["CURB65"]
    assert "no coefficients for image and CURB-65 together" in found.notes[-1]


def test_a_malformed_section_is_no_combination() -> None:
    assert Combination.read({}) is None
    with pytest.raises(KeyError, match="log_odds"):
        Combination.read({"combined": {"intercept": 0.0, "curb65": 0.4}})
