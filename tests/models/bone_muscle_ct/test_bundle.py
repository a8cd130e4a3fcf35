"""The bundle as MONAI reads it, and the card as people read it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import models
from models.bone_muscle_ct.labelling import segment
from models.bone_muscle_ct.measurements import measure
from models.bone_muscle_ct.network import BoneMuscleNet
from models.bone_muscle_ct.reader import load_reader
from screening.card import ModelCard
from training.bundle import fill_measured
from training.fitting.judge_segmentation import compare
from training.phantoms.spine.phantom import make_spine_ct

BUNDLE = Path(models.__file__).parent / "bone_muscle_ct" / "bundle"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # MONAI warns of optional readers that are not installed
def test_monai_builds_what_inference_json_says() -> None:
    from monai.bundle.config_parser import ConfigParser

    parser = ConfigParser()
    parser.read_config(BUNDLE / "configs" / "inference.json")
    assert isinstance(parser.get_parsed_content("network_def"), BoneMuscleNet)


def test_metadata_has_what_monai_requires() -> None:
    metadata = json.loads((BUNDLE / "configs" / "metadata.json").read_text())
    assert {"version", "monai_version", "pytorch_version", "numpy_version", "network_data_format"} <= set(metadata)
    image = metadata["network_data_format"]["inputs"]["image"]
    assert tuple(image["spatial_shape"]) == ModelCard.load(BUNDLE).input_size


def test_the_weights_are_small() -> None:
    assert (BUNDLE / "models" / "model.safetensors").stat().st_size < 11_000_000


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_whole_ct_of_another_hospital_is_counted_and_measured() -> None:
    torch.set_num_threads(1)
    ct = make_spine_ct(60_799_001, spacing=(3.0, 1.5, 1.5), external=True)
    found = segment(load_reader(BUNDLE).segmentation, ct.hu, ct.spacing)
    judged = compare(ct, found, measure(ct.hu, found))
    assert judged.wrong == judged.missed == ()
    assert not judged.doubtful
    assert judged.figures["dice_muscles"] > 0.9
    assert judged.figures["dice_bone"] > 0.85
    assert judged.figures["hu_error_L1"] < 15
    assert judged.figures["area_error_percent"] < 6


def test_the_card_for_people_shows_the_measured_figures() -> None:
    results = json.loads((BUNDLE / "docs" / "results.json").read_text())
    text = (BUNDLE.parent / "card.md").read_text()
    assert fill_measured(text, results) == text
    assert ModelCard.load(BUNDLE).banner in text


def test_the_figures_are_those_of_networks_that_learned() -> None:
    results = json.loads((BUNDLE / "docs" / "results.json").read_text())
    assert results["segmentation_dice_muscles_low"] > 0.9
    assert results["segmentation_hu_error_L1_high"] < 10
    assert results["segmentation_area_error_percent_high"] < 5
    assert results["whole_refused"] <= 0.1 * results["whole_people"]
    for split in ("test", "external"):
        assert results[f"{split}_fracture_auc_low"] > 0.85
        assert results[f"{split}_efficiency_low"] > 0.8
    assert np.isfinite(results["whole_risk_5y_correlation"])
