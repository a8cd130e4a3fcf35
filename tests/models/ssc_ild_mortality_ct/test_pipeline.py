"""The shipped model from a CT to findings, and what it refuses."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import ood, registry
from models.contract import ScreeningModel
from models.ssc_ild_mortality_ct.pipeline import CONTRAST_NOTE, DENSE_NOTE, FAR_NOTE, METAL_NOTE, SHARP_NOTE, load
from screening.errors import WeightsMismatch
from screening.findings import Findings, NotEvaluable
from screening.header import Header
from screening.images import Radiograph, Volume
from screening.settings import ModelSettings
from screening.types import ClinicalContext, Patient
from training.phantoms.lung.phantom import ChestCT, make_chest_ct

NAME = "ssc_ild_mortality_ct"
ADULT = Patient(age_years=61.0, sex="F")
NOTHING = ClinicalContext()


@pytest.fixture(scope="module")
def model() -> ScreeningModel:
    return registry.load(NAME, device="cpu", settings=ModelSettings(thresholds=(5.0, 15.0)))


@pytest.fixture(scope="module")
def ct() -> ChestCT:
    return make_chest_ct(2, spacing=(3.0, 2.0, 2.0))


def volume_of(ct: ChestCT, **header: Any) -> Volume:
    hu = np.array(ct.hu, np.float32)
    affine = np.diag([ct.spacing[2], ct.spacing[1], ct.spacing[0], 1.0])
    uids = tuple(f"1.2.{k + 1}" for k in range(len(hu)))
    return Volume(hu=hu, spacing=ct.spacing, affine=affine, sop_instance_uids=uids, header=Header(header))


def found(model: ScreeningModel, volume: Volume) -> Findings:
    outcome = model.predict(volume, ADULT, NOTHING)
    assert isinstance(outcome, Findings), outcome
    return outcome


def test_findings_hold_what_the_report_needs(model: ScreeningModel, ct: ChestCT) -> None:
    volume = volume_of(ct)
    result = found(model, volume)
    headline = result.groups[0]
    risks = [one for one in headline.measurements if one.horizon_days is not None]
    assert [(one.name.value, one.horizon_days) for one in risks] == [
        ("MORT1Y", 365),
        ("MORT3Y", 1096),
        ("MORT5Y", 1826),
    ]
    assert 0 < risks[0].value <= risks[1].value <= risks[2].value < 100
    assert [one.tracking_identifier for one in result.groups] == [
        "Chest CT - analysed lungs (next to the slice weighted most)",
        "Lung on this slice, patient's right",
        "Lung on this slice, patient's left",
        "ResNet-18 alone",
        "Radiomics alone",
    ]
    on = [group.region.sop_instance_uid for group in result.groups]
    assert on[1] == on[2] == result.shown
    assert len({*on}) == 4  # a viewer would write risks on one slice over each other
    assert headline.region.sop_instance_uid in volume.sop_instance_uids
    rows, columns = volume.hu.shape[1:]
    for group in result.groups:
        assert all(0 <= x <= columns and 0 <= y <= rows for x, y in group.region.points)
    assert result.window == (-1350, 150)
    assert result.conclusion.startswith("If the patient has systemic sclerosis with interstitial lung disease")
    assert "5-year risk by the site's thresholds" in result.conclusion


def test_the_stratum_is_that_of_the_five_year_risk(ct: ChestCT) -> None:
    risk = found(registry.load(NAME, device="cpu"), volume_of(ct)).groups[0]
    assert risk.qualitative == ()
    five = risk.measurements[2].value
    for thresholds, meaning in (((five - 0.01,), "High"), ((five + 0.01,), "Low"), ((five, 99.0), "Moderate")):
        loaded = registry.load(NAME, device="cpu", settings=ModelSettings(thresholds=thresholds))
        (answer,) = found(loaded, volume_of(ct)).groups[0].qualitative
        assert answer.value.meaning == meaning


def test_the_same_scan_gives_the_same_findings(model: ScreeningModel, ct: ChestCT) -> None:
    again = registry.load(NAME, device="cpu", settings=ModelSettings(thresholds=(5.0, 15.0)))
    first, second, third = found(model, volume_of(ct)), found(model, volume_of(ct)), found(again, volume_of(ct))
    assert first == second == third


def test_more_disease_is_a_higher_risk_and_more_dense_lung(model: ScreeningModel) -> None:
    cts = [make_chest_ct(1000 + seed, spacing=(3.0, 2.5, 2.5)) for seed in (0, 1)]  # extents of 0.03 and 0.70
    assert cts[1].truth.extent > 0.4 + cts[0].truth.extent
    well, sick = (
        {one.name.value: one.value for one in found(model, volume_of(ct)).groups[0].measurements} for ct in cts
    )
    for name in ("MORT1Y", "MORT3Y", "MORT5Y", "LUNGDENSE"):
        assert sick[name] > 1.5 * well[name]
    assert sick["LUNGVOL"] < well["LUNGVOL"]


def test_a_scan_beyond_the_training_data_and_a_sharp_kernel_are_said_so(
    model: ScreeningModel, ct: ChestCT, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ood, "distance", lambda *_: 1.0)
    assert found(model, volume_of(ct, ConvolutionKernel="B30f")).notes == (DENSE_NOTE,)
    monkeypatch.setattr(ood, "distance", lambda *_: 1.01)
    result = found(model, volume_of(ct, ConvolutionKernel="B70f"))
    assert result.notes == (FAR_NOTE, SHARP_NOTE, DENSE_NOTE)
    assert result.out_of_distribution == 1.01


def test_contrast_medium_and_metal_are_said_so(
    model: ScreeningModel, ct: ChestCT, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ood, "distance", lambda *_: 1.0)
    volume = volume_of(ct, ContrastBolusAgent="Iodine")
    volume.hu[40:42, 20:24, 60:64] = 3000
    assert found(model, volume).notes == (CONTRAST_NOTE, METAL_NOTE, DENSE_NOTE)


@pytest.mark.parametrize(
    ("patient", "code"),
    [(Patient(age_years=None, sex="F"), "age-unknown"), (Patient(age_years=17.9, sex="M"), "not-adult")],
)
def test_age_decides_first(model: ScreeningModel, ct: ChestCT, patient: Patient, code: str) -> None:
    outcome = model.predict(volume_of(ct), patient, NOTHING)
    assert isinstance(outcome, NotEvaluable)
    assert outcome.code == code
    assert outcome.sop_instance_uid == "1.2.1"


def test_a_radiograph_is_no_volume(model: ScreeningModel) -> None:
    pixels = np.zeros((64, 64), np.float32)
    image = Radiograph(pixels=pixels, spacing=None, sop_instance_uid="1.2.3", header=Header({}))
    outcome = model.predict(image, ADULT, NOTHING)
    assert isinstance(outcome, NotEvaluable)
    assert outcome.code == "not-a-volume"


Change = Callable[[Volume], Volume]
WRONG: dict[str, tuple[Change, tuple[str, ...]]] = {
    "an abdomen": (lambda v: replace(v, hu=np.where(v.hu < -300, np.float32(30), v.hu)), ("hounsfield-implausible",)),
    "no lungs": (lambda v: replace(v, hu=_filled(v.hu)), ("no-lungs",)),
    "cut at the bases": (lambda v: _some(v, slice(len(v.hu) // 3, None)), ("coverage-too-short", "lungs-cut-off")),
    "turned over": (lambda v: replace(v, hu=np.ascontiguousarray(v.hu[:, ::-1])), ("back-to-front",)),
    "stored values": (lambda v: replace(v, hu=v.hu + np.float32(1024)), ("hounsfield-implausible",)),
}


def _filled(hu: "np.ndarray[Any, np.dtype[np.float32]]") -> "np.ndarray[Any, np.dtype[np.float32]]":
    """The lungs full of water; the air around the patient stays."""
    inner = hu[:, hu.shape[1] // 6 : -hu.shape[1] // 6, hu.shape[2] // 6 : -hu.shape[2] // 6]
    inner[(inner < -300)] = 20
    return hu


def _some(volume: Volume, slices: slice) -> Volume:
    return replace(volume, hu=volume.hu[slices], sop_instance_uids=volume.sop_instance_uids[slices])


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_whole_chest_is_refused(model: ScreeningModel, ct: ChestCT, what: str) -> None:
    change, codes = WRONG[what]
    volume = volume_of(ct)
    outcome = model.predict(change(replace(volume, hu=volume.hu.copy())), ADULT, NOTHING)
    assert isinstance(outcome, NotEvaluable)
    assert outcome.code in codes
    assert outcome.sop_instance_uid in volume.sop_instance_uids


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return shutil.copytree(registry.bundle(NAME), tmp_path / "bundle")


def edit(bundle: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    path = bundle / "configs" / "opportune.json"
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))
    return bundle


@pytest.mark.parametrize(
    "size", [[16, 112], [16, 112, 96], [2, 112, 112], [16, 8, 8], [16, 4096, 4096], [900, 112, 112]]
)
def test_sizes_that_cannot_be_read_are_refused(own: Path, size: list[int]) -> None:
    edit(own, lambda values: values["card"].update(input_size=size))
    with pytest.raises(WeightsMismatch, match="input_size of ssc_ild_mortality_ct must be"):
        load(own, device="cpu", threads=1, settings=None)


def test_radiomics_that_are_not_known_are_found_by_the_probe(own: Path) -> None:
    edit(own, lambda values: values["radiomics"]["names"].__setitem__(3, "form_of_a_later_version"))
    loaded = load(own, device="cpu", threads=1, settings=None)
    with pytest.raises(WeightsMismatch, match="not known here: form_of_a_later_version"):
        loaded.probe()


def test_a_distance_that_is_no_number_is_found_by_the_probe(
    model: ScreeningModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 < model.probe() < 1
    monkeypatch.setattr(ood, "distance", lambda *_: float("nan"))
    with pytest.raises(WeightsMismatch, match="distance from the training data"):
        model.probe()
