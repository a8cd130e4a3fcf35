"""The shipped model from a CT to findings, and what it refuses."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models import ood, registry
from models.bone_muscle_ct.labelling import Segmentation
from models.bone_muscle_ct.pipeline import load
from models.bone_muscle_ct.reader import Reader, load_reader
from models.contract import ScreeningModel
from screening.errors import WeightsMismatch
from screening.findings import Findings, NotEvaluable, Outcome
from screening.header import Header
from screening.images import Radiograph, Volume
from screening.settings import ModelSettings
from screening.types import ClinicalContext, Patient
from tests.models.bone_muscle_ct.scans import volume_of
from training.phantoms.spine.phantom import SpineCT, make_spine_ct

NAME = "bone_muscle_ct"
NOTHING = ClinicalContext()


def patient(age: float | None = 65.0) -> Patient:
    return Patient(age_years=age, sex="F")


@pytest.fixture(scope="module")
def ct() -> SpineCT:
    return make_spine_ct(15, spacing=(4.0, 2.0, 2.0))


@pytest.fixture(scope="module")
def volume(ct: SpineCT) -> Volume:
    return volume_of(ct, KVP="120")


@pytest.fixture(scope="module")
def found(volume: Volume) -> Segmentation:
    """The shipped segmentation's answer: some seconds, so it is asked for once."""
    return load_reader(registry.bundle(NAME)).segment(volume.hu, volume.spacing)


@pytest.fixture
def model(found: Segmentation, monkeypatch: pytest.MonkeyPatch) -> ScreeningModel:
    monkeypatch.setattr(Reader, "segment", lambda *_: found)
    return registry.load(NAME, device="cpu", settings=ModelSettings(thresholds=(5.0, 15.0)))


def findings(outcome: Outcome) -> Findings:
    assert isinstance(outcome, Findings), outcome
    return outcome


def names(outcome: Findings) -> list[str]:
    return [group.tracking_identifier for group in outcome.groups]


def test_findings_hold_what_the_report_needs(model: ScreeningModel, volume: Volume, ct: SpineCT) -> None:
    result = findings(model.predict(volume, patient(), NOTHING))
    now, two, three, five = result.groups[0].measurements
    assert now.value < 20  # nothing is broken
    assert 0 < two.value <= three.value <= five.value < 60
    assert len(result.groups[0].qualitative) == 1
    (l1,) = [group for group in result.groups if group.tracking_identifier == "L1 trabecular ROI"]
    assert l1.measurements[0].value == pytest.approx(ct.truth.trabecular_hu["L1"], abs=15)
    rows, columns = volume.hu.shape[1:]
    for region in (region for group in result.groups for region in group.regions):
        assert region.sop_instance_uid in volume.sop_instance_uids
        assert all(0 <= x <= columns and 0 <= y <= rows for x, y in region.points)
    assert result.shown == result.segments[1].sop_instance_uids[0]
    assert result.window == (-160, 240)


def test_the_same_scan_gives_the_same_findings(model: ScreeningModel, volume: Volume) -> None:
    again = registry.load(NAME, device="cpu", settings=ModelSettings(thresholds=(5.0, 15.0)))
    first, second = (findings(one.predict(volume, patient(), NOTHING)) for one in (model, again))
    assert replace(first, segments=()) == replace(second, segments=())
    for a, b in zip(first.segments, second.segments, strict=True):
        np.testing.assert_array_equal(a.mask, b.mask)


@pytest.mark.parametrize("age", [45.0, 84.0, None])
def test_measurements_are_told_where_the_risk_is_withheld(
    model: ScreeningModel, volume: Volume, age: float | None
) -> None:
    result = findings(model.predict(volume, patient(age), NOTHING))
    assert names(result)[0] == "L1 trabecular ROI"
    assert "The risk is withheld" in result.conclusion
    assert not any(one.name.value.startswith("VFX5") for group in result.groups for one in group.measurements)
    assert not any(group.qualitative for group in result.groups)


def test_metal_spoils_its_levels_and_every_probability(
    model: ScreeningModel, volume: Volume, found: Segmentation
) -> None:
    hu = volume.hu.copy()
    body = found.body("L2")
    assert body is not None
    z, y, x = (int(c / s) for c, s in zip(body.centre, volume.spacing, strict=True))
    hu[z, y : y + 3, x : x + 3] = 3000
    result = findings(model.predict(replace(volume, hu=hu), patient(), NOTHING))
    assert result.out_of_distribution is None
    assert "metal in the spine" in result.conclusion
    assert "L2 trabecular ROI" not in names(result)
    assert not any("vertebral" in name for name in names(result))


def test_nothing_left_to_tell_is_not_evaluable(
    model: ScreeningModel, volume: Volume, found: Segmentation, monkeypatch: pytest.MonkeyPatch
) -> None:
    hu = np.where(found.bodies, np.float32(3000), volume.hu)
    monkeypatch.setattr("models.bone_muscle_ct.pipeline.muscle_cut_off", lambda *_: True)
    outcome = model.predict(replace(volume, hu=hu), patient(), NOTHING)
    assert isinstance(outcome, NotEvaluable)
    assert outcome.code == "nothing-measured"


def test_a_spine_that_cannot_be_counted_gives_no_figure(
    volume: Volume, found: Segmentation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reader, "segment", lambda *_: replace(found, doubtful=True))
    outcome = registry.load(NAME, device="cpu").predict(volume, patient(), NOTHING)
    assert isinstance(outcome, NotEvaluable)
    assert outcome.code == "levels-doubtful"


def test_a_child_is_refused(model: ScreeningModel, volume: Volume) -> None:
    outcome = model.predict(volume, patient(17.9), NOTHING)
    assert isinstance(outcome, NotEvaluable)
    assert outcome.code == "not-adult"


def test_a_radiograph_is_no_volume(model: ScreeningModel) -> None:
    pixels = np.zeros((64, 64), np.float32)
    image = Radiograph(pixels=pixels, spacing=None, sop_instance_uid="1.2.3", header=Header({}))
    outcome = model.predict(image, patient(), NOTHING)
    assert isinstance(outcome, NotEvaluable)
    assert outcome.code == "not-a-volume"


def test_a_size_that_is_not_the_preprocessings_is_refused(tmp_path: Path) -> None:
    own = shutil.copytree(registry.bundle(NAME), tmp_path / "bundle")
    path = own / "configs" / "opportune.json"
    values = json.loads(path.read_text())
    values["card"]["input_size"] = [16, 64, 64]
    path.write_text(json.dumps(values))
    with pytest.raises(WeightsMismatch, match="input_size of bone_muscle_ct must be"):
        load(own, device="cpu", threads=1, settings=None)


def test_a_distance_that_is_no_number_is_found_by_the_probe(
    model: ScreeningModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 < model.probe() < 1
    monkeypatch.setattr(ood, "distance", lambda *_: float("nan"))
    with pytest.raises(WeightsMismatch, match="distance from the training data"):
        model.probe()
