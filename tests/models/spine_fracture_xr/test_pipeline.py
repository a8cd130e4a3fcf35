import json
import shutil
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from models import registry
from models.spine_fracture_xr import pipeline
from models.spine_fracture_xr.pipeline import SpineFracture, load
from screening.errors import WeightsMismatch
from screening.findings import Findings, NotEvaluable
from screening.header import Header, JsonValue
from screening.images import Image, Radiograph, Volume
from screening.settings import ModelSettings
from screening.types import ClinicalContext, Patient
from training.phantoms.chest.lateral import make_lateral
from training.phantoms.chest.phantom import make_phantom
from training.phantoms.other import make_other
from training.phantoms.spine.radiograph import KEYPOINTS, LumbarRadiograph, make_lumbar_radiograph

NAME = "spine_fracture_xr"
NOTHING = ClinicalContext()
UID = "1.2.3"


@pytest.fixture(scope="module")
def model() -> SpineFracture:
    loaded = registry.load(NAME, device="cpu", settings=ModelSettings(thresholds=(3.0, 8.0)))
    assert isinstance(loaded, SpineFracture)
    return loaded


@pytest.fixture(scope="module")
def film() -> LumbarRadiograph:
    return make_lumbar_radiograph(205, longest_side=512)  # a woman of 64 years, bone bright


def of(pixels: np.ndarray, spacing: tuple[float, float] | None = None, **header: JsonValue) -> Radiograph:
    return Radiograph(
        pixels=np.ascontiguousarray(pixels, np.float32), spacing=spacing, sop_instance_uid=UID, header=Header(header)
    )


def woman(age: float | None = 64.0) -> Patient:
    return Patient(age_years=age, sex="F")


def found(model: SpineFracture, image: Image, context: ClinicalContext = NOTHING) -> Findings:
    outcome = model.predict(image, woman(), context)
    assert isinstance(outcome, Findings), outcome
    return outcome


def refused(model: SpineFracture, image: Image, patient: Patient | None = None, **items: float) -> str:
    outcome = model.predict(image, patient or woman(), ClinicalContext(items=items))
    assert isinstance(outcome, NotEvaluable), outcome
    assert outcome.reason
    return outcome.code


def test_findings_hold_what_the_report_needs(model: SpineFracture, film: LumbarRadiograph) -> None:
    findings = found(model, of(film.pixels, film.spacing))
    head, *levels = findings.groups
    values = [m.value for m in head.measurements]
    assert [m.name.value for m in head.measurements] == [
        "VFX1Y", "VFX2Y", "VFX3Y", "VFX5Y", "LOGHAZ", "VFPCTL", "KPCONFMIN",
    ]  # fmt: skip
    assert 0 < values[0] <= values[1] <= values[2] <= values[3] < 100
    assert 45 <= values[-1] <= 100
    assert len(head.qualitative) == 1
    assert [group.site.meaning for group in levels] == [f"L{n} vertebra" for n in range(1, 6)]
    assert findings.out_of_distribution is not None
    assert findings.out_of_distribution < 3
    assert "5-year risk by the site's thresholds" in findings.conclusion
    assert pipeline.METAL_NOTE in findings.notes
    assert pipeline.NO_SIZE_NOTE not in findings.notes
    assert pipeline.NO_SIZE_NOTE in found(model, of(film.pixels)).notes


def test_the_levels_lie_where_the_phantom_has_them_in_source_pixels(
    model: SpineFracture, film: LumbarRadiograph
) -> None:
    for group, level in zip(found(model, of(film.pixels)).groups[1:], KEYPOINTS, strict=True):
        row, column = film.keypoints[level]
        away = np.hypot(group.region.points[0][0] - column - 0.5, group.region.points[0][1] - row - 0.5)
        assert away * film.spacing[0] < 8, level  # mm at the detector; 1.5 is the mean over 500


def test_the_same_picture_gives_the_same_findings(model: SpineFracture, film: LumbarRadiograph) -> None:
    assert found(model, of(film.pixels)) == found(model, of(film.pixels))


def test_the_referral_reaches_the_risk_and_the_notes(model: SpineFracture, film: LumbarRadiograph) -> None:
    def risk(**items: float) -> float:
        return found(model, of(film.pixels), ClinicalContext(items=items)).groups[0].measurements[3].value

    assert risk(glucocorticoid=1.0) > risk(glucocorticoid=0.0)
    notes = found(model, of(film.pixels, PatientSize=1.6, PatientWeight=64.0)).notes
    assert any("BMI 25.0 kg/m2 (size and weight of the header)" in note for note in notes)
    assert any(note.startswith("Not known") and "glucocorticoids" in note for note in notes)


def test_a_foreign_picture_is_said_so(
    model: SpineFracture, film: LumbarRadiograph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "FAR_FROM_TRAINING", 0.0)
    assert found(model, of(film.pixels)).notes[0] == pipeline.FAR_NOTE


def test_pictures_turned_cut_and_inverted_are_refused(model: SpineFracture, film: LumbarRadiograph) -> None:
    pixels = film.pixels
    assert refused(model, of(pixels[::-1])) == "levels-not-found"
    assert refused(model, of(pixels[::-1, ::-1])) == "levels-not-found"
    assert refused(model, of(np.rot90(pixels))) == "levels-not-found"
    assert refused(model, of(pixels[: int(0.6 * len(pixels))])) in ("levels-not-found", "spine-implausible")
    assert refused(model, of(1 - pixels)) == "inverted"
    assert refused(model, of(pixels, (0.1, 0.1))) == "size-implausible"
    assert refused(model, of(np.zeros((300, 300)))) == "image-blank"
    assert refused(model, of(pixels[:100, :100])) == "image-too-small"


def test_what_is_no_lateral_lumbar_spine_is_refused(model: SpineFracture) -> None:
    others = [make_lateral(seed, longest_side=256).pixels for seed in range(3)]
    others += [make_phantom(seed, longest_side=256).pixels for seed in range(2)]
    others += [make_other(seed, longest_side=256) for seed in range(5)]
    for pixels in others:
        assert refused(model, of(pixels)) != ""


def test_patients_that_it_is_not_for_are_refused(model: SpineFracture, film: LumbarRadiograph) -> None:
    image = of(film.pixels)
    assert refused(model, image, woman(None)) == "age-unknown"
    assert refused(model, image, woman(49.9)) == "age-not-validated"
    assert refused(model, image, woman(76.0)) == "age-not-validated"
    assert refused(model, image, prior_fracture=1.0) == "prior-fracture"
    volume = Volume(
        hu=np.zeros((1, 4, 4), np.float32), spacing=(1.0, 1.0, 1.0), affine=np.eye(4), sop_instance_uids=("1.2",),
        header=Header({}),
    )  # fmt: skip
    assert refused(model, volume) == "not-a-radiograph"


def test_without_thresholds_there_is_no_stratum(film: LumbarRadiograph) -> None:
    plain = registry.load(NAME, device="cpu")
    assert isinstance(plain, SpineFracture)
    findings = found(plain, of(film.pixels))
    assert findings.groups[0].qualitative == ()
    assert "thresholds" not in findings.conclusion


def test_attention_is_told_where_patches_are_apart() -> None:
    class Told:
        attention = np.array([[0.1, 0.2, 0.3, 0.25, 0.15]])

    (note,) = pipeline._attention(Told())  # type: ignore[arg-type]
    assert note.endswith("L1 10%, L2 20%, L3 30%, L4 25%, L5 15%.")


def test_a_baseline_that_ends_too_early_is_refused(tmp_path: Path) -> None:
    bundle = shutil.copytree(registry.bundle(NAME), tmp_path / "bundle")
    path = bundle / "configs" / "opportune.json"
    options = json.loads(path.read_text())
    baseline = options["calibration"]["baseline"]
    kept = sum(time < 4 for time in baseline["times"])
    baseline |= {key: baseline[key][:kept] for key in ("times", "cumulative_hazard")} | {"follow_up": 4.0}
    path.write_text(json.dumps(options))
    with pytest.raises(WeightsMismatch, match="ends at 4 years"):
        load(bundle, device="cpu", threads=1, settings=None)


def test_weights_that_make_no_number_are_found_by_the_probe(
    model: SpineFracture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 < model.probe() < 1
    broken = model._reader.find(np.zeros((1, 256, 256), np.float32))._replace(peaks=np.full((1, 5), np.nan))
    monkeypatch.setattr(type(model._reader), "find", lambda *_: broken)
    with pytest.raises(WeightsMismatch, match="confidence of the keypoints is not finite"):
        model.probe()


@pytest.mark.real_data
def test_a_real_chest_whose_spine_looks_like_a_lumbar_one_is_refused(model: SpineFracture, real_data: Path) -> None:
    picture = PIL.Image.open(real_data / "cxr_survival" / "images" / "hann_91cda775.jpg").convert("L")
    assert refused(model, of(np.asarray(picture, np.float32) / np.float32(255))) == "frontal-chest"
