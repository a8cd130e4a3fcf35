import json
from pathlib import Path

import numpy as np
import pytest
import torch

from models.hrnet import KeypointHRNet
from models.spine_fracture_xr.reader import find, load_reader
from screening.errors import WeightsMismatch
from tests.training.fracture_bundle import write_untrained

SPINE = np.array([[30.0, 10], [31, 20], [32, 30], [31, 40], [29, 50]])


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_untrained(tmp_path_factory.mktemp("fracture") / "bundle")


def squares(count: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, 64, 64), np.float32)


def test_a_batch_is_read(bundle: Path) -> None:
    reader = load_reader(bundle)
    shown = reader.show(squares(3), np.stack([SPINE] * 3))
    assert shown.shape == (3, 1, 48, 48)
    items = np.array([[60, 1, 24, 0, 1, 0, 0], [70, 0, 24, 0, 1, 0, 0], [np.nan] * 7])
    found = reader.read(shown, items)
    assert found.risks.shape == (3, 3)
    assert (np.diff(found.risks, axis=1) >= 0).all()
    assert ((found.risks >= 0) & (found.risks <= 1)).all()
    assert found.percentile.shape == found.distance.shape == (3,)
    assert ((found.percentile >= 0) & (found.percentile <= 100)).all()
    assert found.cox["cox_m1"].tolist() == pytest.approx([0.0, 0.5, 0.0])  # 0.05 a year around 60, see fracture_bundle
    assert set(found.hazards) >= {"image", "deepsurv_m1", "deepsurv_image_m3", "deepsurv_image"}
    assert np.isnan(found.attention).all()
    one = reader.read(shown[1:2], items[1:2])
    np.testing.assert_allclose(one.risks, found.risks[1:2], rtol=1e-4)


def test_keypoints_are_in_pixels_of_the_picture() -> None:
    """A network that answers with the brightest spot, asked at half the picture's size."""

    class Spot(KeypointHRNet):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.avg_pool2d(x, 4).repeat(1, 5, 1, 1)

    picture = np.zeros((1, 128, 128), np.float32)
    picture[0, 70:78, 30:38] = 1
    found = find(Spot(5, 8), 64, picture, device=torch.device("cpu"))
    assert found.points.shape == (1, 5, 2)
    assert np.abs(found.points[0] - [34, 74]).max() <= 4


def test_other_configurations_are_refused(bundle: Path, tmp_path: Path) -> None:
    path = bundle / "configs" / "opportune.json"
    original = path.read_text(encoding="utf-8")
    changes: tuple[tuple[str, str, object], ...] = (
        ("preprocessing", "version", "0"),
        ("network", "width", 0.5),
        ("cox", "m1", {}),
        ("keypoints", "size", None),
    )
    for section, key, value in changes:
        options = json.loads(original)
        options[section][key] = value
        path.write_text(json.dumps(options), encoding="utf-8")
        with pytest.raises(WeightsMismatch):
            load_reader(bundle)
    path.write_text(original, encoding="utf-8")
    load_reader(bundle)
    with pytest.raises(WeightsMismatch):
        load_reader(tmp_path)
