"""The bundle as MONAI reads it, and the card as people read it."""

import json
from pathlib import Path

import numpy as np
import pytest

from models.ssc_ild_mortality_ct.network import MortalityNet
from models.ssc_ild_mortality_ct.reader import load_reader
from screening.card import ModelCard
from training.bundle import fill_measured

FOLDER = Path(__file__).resolve().parents[3] / "models" / "ssc_ild_mortality_ct"
BUNDLE = FOLDER / "bundle"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # MONAI warns of optional readers that are not installed
def test_monai_builds_what_inference_json_says() -> None:
    from monai.bundle.config_parser import ConfigParser

    parser = ConfigParser()
    parser.read_config(BUNDLE / "configs" / "inference.json")
    assert isinstance(parser.get_parsed_content("network_def"), MortalityNet)
    assert len(parser.get_parsed_content("preprocessing").transforms) == 3


def test_metadata_has_what_monai_requires() -> None:
    metadata = json.loads((BUNDLE / "configs" / "metadata.json").read_text())
    assert {"version", "monai_version", "pytorch_version", "numpy_version", "network_data_format"} <= set(metadata)
    image = metadata["network_data_format"]["inputs"]["image"]
    assert (image["num_channels"], *image["spatial_shape"]) == ModelCard.load(BUNDLE).input_size


def test_the_weights_are_small_and_answer() -> None:
    assert (BUNDLE / "models" / "model.safetensors").stat().st_size < 6_100_000
    reader = load_reader(BUNDLE)
    images = np.zeros((1, reader.slices, reader.size, reader.size), np.uint8)
    risk = reader.read(images, reader.radiomics.mean[None]).risk
    assert ((risk > 0) & (risk < 1)).all()
    assert (np.diff(risk) >= 0).all()


def test_the_card_for_people_shows_the_measured_figures() -> None:
    results = json.loads((BUNDLE / "docs" / "results.json").read_text())
    text = (FOLDER / "card.md").read_text()
    assert fill_measured(text, results) == text
    assert ModelCard.load(BUNDLE).banner in text


def test_the_figures_are_those_of_a_model_that_learned() -> None:
    results = json.loads((BUNDLE / "docs" / "results.json").read_text())
    assert results["test_c_low"] > 0.55
    assert results["test_efficiency"] > 0.6
    assert results["test_efficiency_low"] > 0.5
