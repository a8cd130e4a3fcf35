"""What the bundle says of itself agrees with the program."""

import importlib

from models.bone_muscle_ct import preprocess
from models.bone_muscle_ct.network import BINS
from screening.card import Evidence
from training.cohorts.bone_muscle_site import THICKEST
from training.recipes.bone_muscle_texts import CARD, METADATA, inference, network_data_format

NAME = "bone_muscle_ct"


def test_the_card_owns_up_to_simulation_and_to_what_is_in_dispute() -> None:
    assert CARD["evidence"] == Evidence.SIMULATION.value
    assert any("simulated patients only" in limit for limit in CARD["limits"])
    assert any("in dispute" in limit for limit in CARD["limits"])
    assert any(f"{THICKEST:g} mm" in limit for limit in CARD["limits"])
    assert METADATA["intended_use"].endswith("Not for clinical use")
    assert METADATA["name"] == CARD["name"] == NAME
    assert CARD["version"] in METADATA["changelog"]


def test_the_windows_and_channels_are_the_programs() -> None:
    assert str(preprocess.BONE_WINDOW) in METADATA["image_classes"]
    form = network_data_format(48, 16, BINS)
    assert form["inputs"]["image"]["num_channels"] == preprocess.CHANNELS  # type: ignore[index]
    assert form["outputs"]["pred"]["num_channels"] == BINS  # type: ignore[index]


def test_inference_names_what_exists() -> None:
    told = inference(size=48, width=0.25, hidden=64)
    module, name = told["network_def"]["_target_"].rsplit(".", 1)
    built = getattr(importlib.import_module(module), name)(width=0.25, hidden=64)
    assert built.bins == BINS
