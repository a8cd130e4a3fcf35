import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models import ood
from models.calibration_by_year import YearlyCalibration
from models.ssc_ild_mortality_ct import preprocess
from models.ssc_ild_mortality_ct.network import YEARS, MortalityNet
from models.ssc_ild_mortality_ct.radiomics import RadiomicsModel, radiomics
from models.ssc_ild_mortality_ct.reader import Reader, fuse, load_reader, risk_of
from models.weights import write_weights
from screening.errors import WeightsMismatch
from training.bundle import BundleContent, write_bundle
from training.recipes.ssc_ild_mortality_texts import CARD, INFERENCE, METADATA, network_data_format

from .chests import as_volume, make_chest

SIZE, SLICES = 32, 4
SAME = {"x": [0.0, 1.0], "y": [0.0, 1.0]}
NAMES = tuple(radiomics(np.full((1, 2, 2), -800, np.float32), np.ones((1, 2, 2), bool), (1.0, 1.0, 1.0)))


def linear() -> RadiomicsModel:
    rng = np.random.default_rng(0)
    count = len(NAMES)
    return RadiomicsModel(
        names=NAMES, mean=np.zeros(count), sd=np.ones(count), coefficients=rng.normal(0, 0.1, (YEARS, count)),
        intercepts=np.full(YEARS, -1.0),
    )  # fmt: skip


def write(folder: Path, **changes: Any) -> Path:
    torch.manual_seed(0)
    nets = {"resnet18": MortalityNet("resnet18", width=0.125), "swin": MortalityNet("swin", width=0.0625)}
    tensors = {f"{name}.{key}": value for name, net in nets.items() for key, value in net.state_dict().items()}
    constants = ood.fit_ood(torch.rand(60, 64), torch.rand(20, 64))
    configuration = {
        "preprocessing": {"version": preprocess.VERSION},
        "networks": [{"backbone": "resnet18", "width": 0.125}, {"backbone": "swin", "width": 0.0625}],
        "radiomics": linear().to_table(),
        "calibration": {"maps": {part: [SAME] * YEARS for part in ("resnet18", "swin", "radiomics", "fusion")}},
    }
    write_bundle(folder, BundleContent(
        card=dict(CARD) | {"input_size": [SLICES, SIZE, SIZE], "trained_on": "nothing"},
        configuration=configuration | changes, metadata=METADATA | {"network_data_format": network_data_format(4, 32)},
        inference=INFERENCE, tensors=tensors | {f"ood.{key}": value for key, value in constants.items()},
        keep_precision=("ood.",), results={},
    ))  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("reader"))


@pytest.fixture(scope="module")
def reader(bundle: Path) -> Reader:
    return load_reader(bundle)


def test_a_chest_becomes_risks(reader: Reader) -> None:
    scan = reader.prepare(as_volume(make_chest()))
    reading = reader.read(scan.scaled[None], reader.features(scan))
    assert reading.risk.shape == (1, YEARS)
    assert (np.diff(reading.risk) >= 0).all()
    assert set(reading.risks) == {"resnet18", "swin", "radiomics", "fusion"}
    assert reading.attention.sum() == pytest.approx(1)
    assert reading.distance.shape == (1,)
    assert 0 <= reader.extent(scan) < 0.3


def test_scans_together_are_read_as_one_by_one(reader: Reader) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (9, SLICES, SIZE, SIZE), dtype=np.uint8)
    features = rng.normal(0, 1, (9, len(NAMES)))
    together = reader.read(images, features)
    alone = np.concatenate([reader.read(images[k : k + 1], features[k : k + 1]).risk for k in range(9)])
    assert together.risk == pytest.approx(alone, abs=1e-6)


def test_fusion_is_the_mean_of_networks_and_radiomics() -> None:
    parts = {"a": np.array([[1.0]]), "b": np.array([[3.0]]), "radiomics": np.array([[0.0]])}
    assert fuse(parts).item() == 1
    assert risk_of(np.array([0.0])).item() == 0.5


def test_calibration_is_that_of_the_part(reader: Reader) -> None:
    half = YearlyCalibration(maps=(((0.0, 1.0), (0.0, 0.5)),) * YEARS)
    changed = Reader(**{**vars(reader), "calibration": dict(reader.calibration) | {"fusion": half}})
    images, features = np.zeros((1, SLICES, SIZE, SIZE), np.uint8), np.zeros((1, len(NAMES)))
    first, second = reader.read(images, features), changed.read(images, features)
    assert second.risk == pytest.approx(first.risk / 2)
    assert np.array_equal(second.risks["radiomics"], first.risks["radiomics"])


def test_a_sites_recalibration_is_applied_and_years_still_do_not_fall(tmp_path: Path) -> None:
    taught = {"risk_1": {"method": "intercept+slope", "intercept": 3.0, "slope": 1.0}}
    maps = {part: [SAME] * YEARS for part in ("resnet18", "swin", "radiomics", "fusion")}
    reader = load_reader(write(tmp_path, calibration={"maps": maps, "recalibration": taught}))
    images, features = np.zeros((1, SLICES, SIZE, SIZE), np.uint8), np.zeros((1, len(NAMES)))
    reading = reader.read(images, features)
    plain = Reader(**{**vars(reader), "recalibration": {}}).read(images, features)
    odds = reading.risk[0, 0] / (1 - reading.risk[0, 0])
    assert odds == pytest.approx(np.exp(3) * plain.risk[0, 0] / (1 - plain.risk[0, 0]))
    assert (np.diff(reading.risk) >= 0).all()
    assert reading.risk[0, 1] == reading.risk[0, 0]


def test_scans_of_another_size_are_refused(reader: Reader) -> None:
    with pytest.raises(ValueError, match="images must be"):
        reader.read(np.zeros((1, SLICES, 16, 16), np.uint8), np.zeros((1, len(NAMES))))


@pytest.mark.parametrize(("changes", "message"), [
    ({"preprocessing": {"version": "0"}}, "is for preprocessing '0'"),
    ({"calibration": {"maps": {"fusion": [SAME] * YEARS}}}, "lacks the calibration"),
    ({"radiomics": {}}, "cannot be read"),
    ({"networks": [{"backbone": "vgg", "width": 1}]}, "cannot be read"),
    ({"networks": [{"backbone": "resnet18", "width": 0.25}, {"backbone": "swin", "width": 0.0625}]}, "do not fit"),
])  # fmt: skip
def test_a_bundle_whose_parts_do_not_belong_together(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(WeightsMismatch, match=message):
        load_reader(write(tmp_path, **changes))


def test_weights_that_were_changed_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path)
    write_weights(folder / "models" / "model.safetensors", {"ood.mean": torch.zeros(2)})
    with pytest.raises(WeightsMismatch, match="SHA-256"):
        load_reader(folder)


def test_the_configuration_is_plain_json(bundle: Path) -> None:
    held = json.loads((bundle / "configs" / "opportune.json").read_text())
    assert held["radiomics"]["names"] == list(NAMES)
