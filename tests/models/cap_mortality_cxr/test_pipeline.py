import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from models import ood, registry
from models.cap_mortality_cxr.pipeline import Calibration, load
from models.contract import ScreeningModel
from screening.errors import WeightsMismatch
from screening.findings import Findings, NotEvaluable
from screening.header import Header
from screening.images import Radiograph
from screening.settings import ModelSettings
from screening.types import ClinicalContext, Patient
from training.phantoms.chest.lateral import make_lateral
from training.phantoms.chest.phantom import Phantom, make_phantom
from training.phantoms.other import make_other

ADULT = Patient(age_years=67.0, sex="M")
NOTHING = ClinicalContext()
NAME = "cap_mortality_cxr"


@pytest.fixture(scope="module")
def model() -> ScreeningModel:
    return registry.load(NAME, device="cpu", settings=ModelSettings(thresholds=(5.0, 20.0)))


def radiograph(pixels: "Phantom | np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> Radiograph:
    values = pixels.pixels if isinstance(pixels, Phantom) else pixels
    return Radiograph(pixels=values, spacing=None, sop_instance_uid="1.2.3", header=Header({}))


def found(model: ScreeningModel, phantom: Phantom) -> Findings:
    outcome = model.predict(radiograph(phantom), ADULT, NOTHING)
    assert isinstance(outcome, Findings), outcome
    return outcome


def test_findings_hold_what_the_report_needs(model: ScreeningModel) -> None:
    phantom = make_phantom(11, longest_side=400)
    rows, columns = phantom.pixels.shape
    findings = found(model, phantom)
    headline = findings.groups[0]
    assert headline.tracking_identifier == "Chest radiograph - analysed area"
    risk = headline.measurements[0]
    assert (risk.name.value, risk.unit.value, risk.horizon_days) == ("MORT30D", "%", 30)
    assert 0 < risk.value < 100
    assert [q.name.value for q in headline.qualitative] == ["RISKSTRATUM"]
    assert "If the patient has community-acquired pneumonia" in findings.conclusion
    assert len(findings.groups) <= 4  # without context there is no CURB-65
    for number, spot in enumerate(findings.groups[1:], start=1):
        assert spot.tracking_identifier == f"Heatmap hot spot {number}"
        assert spot.region.graphic_type == "POLYLINE"
        assert len(spot.region.points) > 5
        assert spot.region.points[0] == spot.region.points[-1]
        assert all(0 <= x <= columns and 0 <= y <= rows for x, y in spot.region.points)
        assert 0 < spot.measurements[0].value <= 100
    assert findings.heatmap is not None
    assert findings.heatmap.box == (0.0, 0.0, float(columns), float(rows))
    assert findings.heatmap.values.dtype == np.float32
    assert 0 <= findings.heatmap.values.min() <= findings.heatmap.values.max() <= 1
    aspect = findings.heatmap.values.shape[0] / findings.heatmap.values.shape[1]
    assert aspect == pytest.approx(rows / columns, rel=0.02)


@pytest.mark.parametrize("longest_side", [150, 400])
def test_the_analysed_area_is_the_picture_with_room_for_a_label(model: ScreeningModel, longest_side: int) -> None:
    phantom = make_phantom(11, longest_side=longest_side)
    rows, columns = phantom.pixels.shape
    region = found(model, phantom).groups[0].region
    for values, side in zip(zip(*region.points, strict=True), (columns, rows), strict=True):
        assert 0.01 * side < min(values)
        assert max(values) < 0.99 * side
        assert max(values) - min(values) >= 0.95 * side
        assert min(values) + max(values) == pytest.approx(side)


def test_the_same_picture_gives_the_same_findings(model: ScreeningModel) -> None:
    phantom = make_phantom(12, longest_side=300)
    first, second = found(model, phantom), found(model, phantom)
    again = registry.load(NAME, device="cpu", settings=ModelSettings(thresholds=(5.0, 20.0)))
    third = found(again, phantom)
    for other in (second, third):
        assert other.groups == first.groups
        assert other.out_of_distribution == first.out_of_distribution
        assert first.heatmap is not None
        assert other.heatmap is not None
        np.testing.assert_array_equal(other.heatmap.values, first.heatmap.values)


def test_strata_only_when_thresholds_are_set() -> None:
    model = registry.load(NAME, device="cpu")
    findings = found(model, make_phantom(11, longest_side=300))
    assert findings.groups[0].qualitative == ()


def test_the_sick_score_above_the_well(model: ScreeningModel) -> None:
    seeds = range(100, 124)
    pairs = [(make_phantom(s, longest_side=200), make_phantom(s, longest_side=200, healthy=True)) for s in seeds]
    severe = [pair for pair in pairs if pair[0].truth.extent > 0.12]
    assert len(severe) >= 4
    for sick, well in severe:
        assert found(model, sick).groups[0].measurements[0].value > found(model, well).groups[0].measurements[0].value


@pytest.mark.parametrize(
    ("patient", "code"),
    [(Patient(age_years=None, sex="F"), "age-unknown"), (Patient(age_years=12.0, sex="M"), "not-adult")],
)
def test_age_decides_first(model: ScreeningModel, patient: Patient, code: str) -> None:
    outcome = model.predict(radiograph(make_phantom(1)), patient, NOTHING)
    assert isinstance(outcome, NotEvaluable)
    assert outcome.code == code
    assert outcome.sop_instance_uid == "1.2.3"


@pytest.mark.parametrize("seed", range(3))
def test_what_is_no_upright_frontal_chest_is_refused(model: ScreeningModel, seed: int) -> None:
    frontal = make_phantom(seed, longest_side=300).pixels
    wrong = {
        "lateral": make_lateral(seed, longest_side=300).pixels,
        "upside-down": np.ascontiguousarray(frontal[::-1, ::-1]),
        "turned": np.ascontiguousarray(np.rot90(frontal)),
        "inverted": 1 - frontal,
        "other": make_other(seed, longest_side=300),
    }
    for what, pixels in wrong.items():
        outcome = model.predict(radiograph(pixels), ADULT, NOTHING)
        assert isinstance(outcome, NotEvaluable), what
        assert outcome.code in ("not-a-frontal-chest", "image-clipped"), what


def test_a_foreign_look_raises_the_distance(model: ScreeningModel) -> None:
    usual = [found(model, make_phantom(s, longest_side=200)).out_of_distribution or 0.0 for s in range(200, 212)]
    assert np.median(usual) < 1.0


def test_a_picture_beyond_the_training_data_is_said_so_once_and_the_cards_limits_are_not_repeated(
    model: ScreeningModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    phantom = make_phantom(11, longest_side=200)
    monkeypatch.setattr(ood, "distance", lambda *_: torch.tensor(1.0))
    assert not any("outside what" in note for note in found(model, phantom).notes)
    monkeypatch.setattr(ood, "distance", lambda *_: torch.tensor(1.01))
    note, _ = found(model, phantom).notes  # the other tells of CURB-65
    assert "outside what the model has learned" in note
    assert "distance" not in note  # the report gives the figure


def test_calibration_is_platts() -> None:
    assert Calibration(intercept=0.0, slope=1.0).probability(0.0) == 0.5
    assert Calibration(intercept=-1.0, slope=2.0).probability(0.5) == pytest.approx(0.5)


def test_parts_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(registry.bundle(NAME), bundle)
    path = bundle / "configs" / "opportune.json"
    values = json.loads(path.read_text())
    del values["calibration"]
    path.write_text(json.dumps(values))
    with pytest.raises(WeightsMismatch, match="calibration"):
        load(bundle, device="cpu", threads=1, settings=None)
    values["calibration"] = {"platt": {"intercept": 0.0, "slope": 1.0}}
    values["preprocessing"]["version"] = "0"
    path.write_text(json.dumps(values))
    with pytest.raises(WeightsMismatch, match="preprocessing"):
        load(bundle, device="cpu", threads=1, settings=None)
