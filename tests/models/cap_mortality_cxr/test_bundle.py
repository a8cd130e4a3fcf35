"""The bundle as MONAI reads it, and the card as people read it."""

import json

import pytest

from models import registry
from models.cap_mortality_cxr.network import MortalityNet
from training.bundle import fill_measured

NAME = "cap_mortality_cxr"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # MONAI warns of optional readers that are not installed
def test_monai_builds_what_inference_json_says() -> None:
    from monai.bundle.config_parser import ConfigParser

    parser = ConfigParser()
    parser.read_config(registry.bundle(NAME) / "configs" / "inference.json")
    assert isinstance(parser.get_parsed_content("network_def"), MortalityNet)
    assert len(parser.get_parsed_content("preprocessing").transforms) == 5
    assert parser.get_parsed_content("input_size") == registry.card(NAME).input_size[0]


def test_metadata_has_what_monai_requires() -> None:
    metadata = json.loads((registry.bundle(NAME) / "configs" / "metadata.json").read_text())
    assert {"version", "monai_version", "pytorch_version", "numpy_version", "network_data_format"} <= set(metadata)
    image = metadata["network_data_format"]["inputs"]["image"]
    assert tuple(image["spatial_shape"]) == registry.card(NAME).input_size
    assert image["num_channels"] == 1


def test_the_card_for_people_shows_the_measured_figures() -> None:
    bundle = registry.bundle(NAME)
    results = json.loads((bundle / "docs" / "results.json").read_text())
    text = (bundle.parent / "card.md").read_text()
    assert fill_measured(text, results) == text
    assert registry.card(NAME).banner in text


def test_the_figures_are_those_of_a_network_that_learned() -> None:
    results = json.loads((registry.bundle(NAME) / "docs" / "results.json").read_text())
    assert results["test_patients"] >= 2000
    assert results["test_auc_low"] > 0.7
    assert results["test_auc"] <= results["test_oracle_auc"]
    assert 0.7 < results["test_calibration_slope"] < 1.3
    assert 0.08 <= results["test_observed"] <= 0.15
