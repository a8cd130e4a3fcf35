"""What the bundle says of itself agrees with the program, and the shipped bundle with what is said."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import models
from models.ages import BINS
from screening.card import Evidence, ModelCard
from training.recipes.pediatric_age_texts import CARD, INFERENCE, METADATA, network_data_format

BUNDLE = Path(models.__file__).parent / "pediatric_age_cxr" / "bundle"


def shipped(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((BUNDLE / "configs" / name).read_text())
    return values


def strings(value: object) -> Iterator[str]:
    """Every string in a nest of dicts and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


def test_the_shipped_bundle_says_the_same() -> None:
    card = shipped("opportune.json")["card"]
    assert {name: card[name] for name in CARD} == CARD
    size = card["input_size"][0]
    metadata = shipped("metadata.json")
    assert {name: metadata[name] for name in METADATA} == METADATA
    assert metadata["network_data_format"] == network_data_format(size)
    assert shipped("inference.json") == INFERENCE | {"input_size": size}


def test_the_card_is_complete() -> None:
    card = ModelCard.load(BUNDLE)
    assert card.evidence is Evidence.SIMULATION
    assert "of age" in card.intended_use
    assert any("forensic" in limit for limit in card.limits)
    assert card.series_base not in {9010}  # that of another model


def test_what_inference_json_names_is_ours_or_monais() -> None:
    targets = [text for text in strings(INFERENCE) if text.startswith("models.")]
    assert targets == ["models.pediatric_age_cxr.network.AgeNet"]
    module, name = targets[0].rsplit(".", 1)
    assert hasattr(importlib.import_module(module), name)


def test_the_output_has_a_channel_for_each_month() -> None:
    outputs = network_data_format(160)["outputs"]
    assert isinstance(outputs, dict)
    assert len(outputs["pred"]["channel_def"]) == outputs["pred"]["num_channels"] == BINS
