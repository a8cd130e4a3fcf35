"""What the bundle says of itself agrees with the program, and the shipped bundle with what is said."""

import importlib
import json
from collections.abc import Iterator
from typing import Any

from models import registry
from models.cap_mortality_cxr import preprocess
from models.cap_mortality_cxr.selection import ADULT_YEARS
from screening.card import Evidence, ModelCard
from training.recipes.cap_mortality_cxr import network_data_format
from training.recipes.cap_mortality_texts import CARD, INFERENCE, METADATA

NAME = "cap_mortality_cxr"


def shipped(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((registry.bundle(NAME) / "configs" / name).read_text())
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
    metadata = shipped("metadata.json")
    assert {name: metadata[name] for name in METADATA} == METADATA
    size = card["input_size"][0]
    assert shipped("inference.json") == INFERENCE | {"input_size": size}
    assert metadata["network_data_format"] == network_data_format(size)


def test_the_card_owns_up_to_simulation_and_to_what_the_model_does_not_do() -> None:
    card: ModelCard = registry.card(NAME)
    assert CARD["evidence"] == Evidence.SIMULATION.value == card.evidence.value
    assert f"{ADULT_YEARS:.0f} years" in CARD["population"]
    assert "does not find pneumonia" in CARD["intended_use"]
    assert any("simulated patients only" in limit for limit in CARD["limits"])
    assert METADATA["intended_use"].endswith("Not for clinical use")
    assert METADATA["name"] == CARD["name"] == NAME
    assert CARD["version"] in METADATA["changelog"]


def test_inference_prepares_pictures_as_the_program_does() -> None:
    steps = {step["_target_"]: step for step in INFERENCE["preprocessing"]["transforms"]}
    scale, normalise = steps["ScaleIntensityRangePercentilesd"], steps["NormalizeIntensityd"]
    assert (scale["lower"], scale["upper"]) == tuple(preprocess.PERCENTILES)
    assert (normalise["subtrahend"], normalise["divisor"]) == (preprocess.MEAN, preprocess.SD)


def test_inference_names_what_exists() -> None:
    module, name = INFERENCE["network_def"]["_target_"].rsplit(".", 1)
    assert hasattr(importlib.import_module(module), name)
    references = {text.lstrip("$@").split(".")[0] for text in strings(INFERENCE) if text.startswith(("@", "$@"))}
    assert references
    assert references <= set(INFERENCE)
