"""The bundle as MONAI reads it, and the card as people read it."""

import json
from pathlib import Path

import pytest

import models
from models.pediatric_age_cxr.network import AgeNet
from screening.card import ModelCard
from training.bundle import fill_measured

BUNDLE = Path(models.__file__).parent / "pediatric_age_cxr" / "bundle"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # MONAI warns of optional readers that are not installed
def test_monai_builds_what_inference_json_says() -> None:
    from monai.bundle.config_parser import ConfigParser

    parser = ConfigParser()
    parser.read_config(BUNDLE / "configs" / "inference.json")
    assert isinstance(parser.get_parsed_content("network_def"), AgeNet)
    assert len(parser.get_parsed_content("preprocessing").transforms) == 5


def test_metadata_has_what_monai_requires() -> None:
    metadata = json.loads((BUNDLE / "configs" / "metadata.json").read_text())
    assert {"version", "monai_version", "pytorch_version", "numpy_version", "network_data_format"} <= set(metadata)
    image = metadata["network_data_format"]["inputs"]["image"]
    assert tuple(image["spatial_shape"]) == ModelCard.load(BUNDLE).input_size


def test_the_card_for_people_shows_the_measured_figures() -> None:
    results = json.loads((BUNDLE / "docs" / "results.json").read_text())
    text = (BUNDLE.parent / "card.md").read_text()
    assert fill_measured(text, results) == text
    assert ModelCard.load(BUNDLE).banner in text


def test_the_weights_are_small() -> None:
    assert (BUNDLE / "models" / "model.safetensors").stat().st_size < 6_200_000


def test_the_figures_are_those_of_a_network_that_learned() -> None:
    results = json.loads((BUNDLE / "docs" / "results.json").read_text())
    for split in ("test", "external"):
        assert results[f"{split}_mae_high"] < 0.4 * results[f"{split}_median_guess_mae_low"]
        assert results[f"{split}_oracle_mae_low"] < results[f"{split}_mae"]
        assert results[f"{split}_without_size_mae"] > results[f"{split}_mae"]
    assert 0.7 < results["test_interval_coverage"] < 0.9
