from models.spine_fracture_xr.clinical import ITEMS
from models.spine_fracture_xr.preprocess import View
from training.recipes.spine_fracture_texts import CARD, METADATA, SIMULATED, inference, network_data_format


def test_the_card_says_what_it_is_not_for() -> None:
    assert CARD["name"] == METADATA["name"] == "spine_fracture_xr"
    said = " ".join(CARD["limits"])
    for word in ("L1 to L5", "metal", "FRAX"):
        assert word in said
    assert "typed-in hazard" in SIMULATED
    assert "50 to 75" in CARD["population"]


def test_formats_name_each_channel_and_item() -> None:
    found = network_data_format(128, 5)
    inputs = found["inputs"]
    assert isinstance(inputs, dict)
    assert inputs["image"]["spatial_shape"] == [128, 128]
    assert list(inputs["image"]["channel_def"].values()) == ["L1", "L2", "L3", "L4", "L5"]
    assert list(inputs["items"]["channel_def"].values()) == list(ITEMS)


def test_inference_builds_this_network() -> None:
    network = inference(0.25, View(layout="stack", size=64))["network_def"]
    assert network == {"_target_": "models.spine_fracture_xr.network.FractureNet", "width": 0.25, "layout": "stack"}
