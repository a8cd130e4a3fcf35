import csv
import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image
from scipy import ndimage

from dicom_node.header import read_instance
from dicom_node.pixels.radiograph import read_radiograph
from models import frontal_gate, registry
from models.cap_mortality_cxr.pipeline import CapMortality
from models.frontal_gate import SHARED_THRESHOLD, FrontalNet, check_values, check_view, frontal_score, shared_gate
from screening.errors import WeightsMismatch
from training.phantoms.child.phantom import make_child

Array = npt.NDArray[np.float32]
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def model() -> CapMortality:
    loaded = registry.load("cap_mortality_cxr", device="cpu")
    assert isinstance(loaded, CapMortality)
    return loaded


@pytest.mark.parametrize(
    ("pixels", "code"),
    [
        (RNG.random((100, 400)), "image-too-small"),
        (np.full((256, 256), 0.4), "image-blank"),
        (np.where(RNG.random((256, 256)) < 0.2, RNG.random((256, 256)), 1.0), "image-clipped"),
        (np.round(RNG.random((256, 256)) * 6) / 6, "image-posterised"),
    ],
    ids=["small", "blank", "clipped", "posterised"],
)
def test_grey_values_alone_can_rule_a_picture_out(pixels: Array, code: str) -> None:
    refusal = check_values(pixels.astype(np.float32))
    assert refusal is not None
    assert refusal.code == code


def test_a_picture_with_a_black_margin_passes() -> None:
    pixels = soft()
    pixels[:, :100] = 0.0
    assert check_values(pixels) is None


def test_noise_is_refused_and_says_how_much_there_is() -> None:
    refusal = check_values(soft() + 0.1 * RNG.standard_normal((256, 256)).astype(np.float32))
    assert refusal is not None
    assert refusal.code == "image-noisy"
    assert refusal.reason.endswith("at most 2.6% can be read")


def soft() -> Array:
    """Shades without noise."""
    return np.asarray(np.clip(0.5 + 2 * ndimage.gaussian_filter(RNG.standard_normal((256, 256)), 8), 0, 1), np.float32)


def test_the_score_knows_up_from_down() -> None:
    torch.manual_seed(0)
    net = FrontalNet().eval()
    pixels = RNG.random((200, 200)).astype(np.float32) * np.linspace(0, 1, 200, dtype=np.float32)[:, None]
    assert frontal_score(net, pixels) != pytest.approx(frontal_score(net, pixels[::-1].copy()), abs=1e-6)
    assert check_view(net, pixels, -1e9) is None


def test_the_shared_gate_is_the_one_that_the_program_was_made_with(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not shared_gate().training
    monkeypatch.setattr(frontal_gate, "SHARED_SHA256", "0" * 64)
    with pytest.raises(WeightsMismatch, match="the frontal gate"):
        shared_gate()


def turned(pixels: Array) -> list[Array]:
    """The picture in every way that is wrong."""
    ways = (pixels[::-1, ::-1], pixels[::-1], np.rot90(pixels), np.rot90(pixels, 3), 1 - pixels)
    return [np.ascontiguousarray(way, np.float32) for way in ways]


def test_simulated_children_pass_the_shared_gate_upright_alone() -> None:
    """docs/models/pediatric_age_cxr.md has the figures of 240; here are 24 of them."""
    gate, scores = shared_gate(), []
    for seed in range(1000, 1024):
        pixels = make_child(seed, longest_side=256).pixels
        assert check_values(pixels) is None
        scores.append(frontal_score(gate, pixels))
        assert all(frontal_score(gate, wrong) < SHARED_THRESHOLD for wrong in turned(pixels)), seed
    assert min(scores) >= SHARED_THRESHOLD


@pytest.mark.real_data
def test_real_children_pass_the_shared_gate_upright_alone(real_data: Path) -> None:
    with (real_data / "cxr_age" / "cxr_age.csv").open(newline="") as file:
        children = [row for row in csv.DictReader(file) if float(row["age_years"]) < 18]
    assert len(children) == 47
    gate = shared_gate()
    for row in children:
        pixels = read(real_data / "cxr_age" / row["file"])
        assert check_values(pixels) is None
        assert frontal_score(gate, pixels) >= SHARED_THRESHOLD, row["file"]
        assert all(frontal_score(gate, wrong) < SHARED_THRESHOLD for wrong in turned(pixels)), row["file"]


def accepted(model: CapMortality, pictures: list[Array]) -> float:
    """Share of the pictures that the gate lets through."""
    return float(np.mean([model.refuse_picture(pixels) is None for pixels in pictures]))


def unseen(real_data: Path) -> list[Array]:
    """Real frontal radiographs of patients that did not teach the gate (odd first byte of the SHA-256 of their id)."""
    with (real_data / "cxr_age" / "cxr_age.csv").open(newline="") as file:
        rows = [r for r in csv.DictReader(file) if hashlib.sha256(r["patient_id"].encode()).digest()[0] % 2]
    return [read(real_data / "cxr_age" / row["file"]) for row in rows]


def read(path: Path) -> Array:
    return np.asarray(Image.open(path).convert("L"), np.float32) / np.float32(255)


@pytest.mark.real_data
def test_real_frontal_radiographs_of_unseen_patients_pass(model: CapMortality, real_data: Path) -> None:
    pictures = unseen(real_data)
    assert len(pictures) > 300
    assert accepted(model, pictures) >= 0.95


@pytest.mark.real_data
def test_another_hospital_passes(model: CapMortality, real_data: Path) -> None:
    with (real_data / "cxr_survival" / "cxr_survival.csv").open(newline="") as file:
        pictures = [read(real_data / "cxr_survival" / row["file"]) for row in csv.DictReader(file)]
    assert len(pictures) == 243
    assert accepted(model, pictures) >= 0.90


@pytest.mark.real_data
@pytest.mark.parametrize("turn", ["upside-down", "left", "right", "inverted"])
def test_real_radiographs_the_wrong_way_are_refused(model: CapMortality, real_data: Path, turn: str) -> None:
    changed = [
        {"upside-down": a[::-1, ::-1], "left": np.rot90(a), "right": np.rot90(a, 3), "inverted": 1 - a}[turn]
        for a in unseen(real_data)[:150]
    ]
    assert accepted(model, [np.ascontiguousarray(a) for a in changed]) <= 0.05


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("dicom-test-files__RG3_JLSL.dcm", "not-a-frontal-chest"),  # a leg
        ("pylibjpeg-data__RG2_JLSN.dcm", "not-a-frontal-chest"),  # a hip
        ("pydicom-data__RG1_J2KI.dcm", None),
        ("pylibjpeg-data__966_fixed.dcm", None),
    ],
)
def test_real_dicom_radiographs(model: CapMortality, real_data: Path, name: str, code: str | None) -> None:
    path = real_data / "dicom_samples" / "crdx" / name
    refusal = model.refuse_picture(read_radiograph(path, read_instance(path, location=name)).pixels)
    assert (refusal.code if refusal else None) == code
