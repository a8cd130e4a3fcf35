"""The bundle as MONAI reads it, and the card as people read it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import models
from models.spine_fracture_xr.network import FractureNet
from models.spine_fracture_xr.reader import load_reader
from screening.card import ModelCard
from training.bundle import fill_measured
from training.cohorts.lumbar import lumbar_row, lumbar_seeds

BUNDLE = Path(models.__file__).parent / "spine_fracture_xr" / "bundle"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # MONAI warns of optional readers that are not installed
def test_monai_builds_what_inference_json_says() -> None:
    from monai.bundle.config_parser import ConfigParser

    parser = ConfigParser()
    parser.read_config(BUNDLE / "configs" / "inference.json")
    assert isinstance(parser.get_parsed_content("network_def"), FractureNet)


def test_metadata_has_what_monai_requires() -> None:
    metadata = json.loads((BUNDLE / "configs" / "metadata.json").read_text())
    assert {"version", "monai_version", "pytorch_version", "numpy_version", "network_data_format"} <= set(metadata)


def test_the_weights_are_small() -> None:
    assert (BUNDLE / "models" / "model.safetensors").stat().st_size < 22_000_000


def test_the_five_levels_are_found_on_pictures_of_another_hospital() -> None:
    torch.set_num_threads(1)
    reader = load_reader(BUNDLE)
    rows = [lumbar_row(int(seed), size=256, external=True) for seed in lumbar_seeds("external", 603)[-3:]]
    squares = np.stack([row.square for row in rows]).astype(np.float32) / np.float32(255)
    located = reader.find(squares)
    assert located.refusals == [None] * 3
    for row, points in zip(rows, located.points, strict=True):
        away = np.linalg.norm(points - row.keypoints, axis=1) * row.spacing
        assert away.max() < 10  # mm on the detector; the mean over 500 is under 2
    assert reader.find(np.ascontiguousarray(squares[:, ::-1, ::-1])).refusals != [None] * 3


def test_the_card_for_people_shows_the_measured_figures() -> None:
    results = json.loads((BUNDLE / "docs" / "results.json").read_text())
    text = (BUNDLE.parent / "card.md").read_text()
    assert fill_measured(text, results) == text
    assert ModelCard.load(BUNDLE).banner in text


def test_the_figures_are_those_of_networks_that_learned() -> None:
    results = json.loads((BUNDLE / "docs" / "results.json").read_text())
    assert results["keypoints_pictures"] == 500
    assert results["keypoints_oks_ap_low"] > 0.97
    assert results["keypoints_mean_error_mm_high"] < 3
    assert results["keypoints_level_shift_rate"] < 0.01
    assert results["test_c_deepsurv_image_low"] > 0.55
    assert results["test_efficiency"] > 0.5
