import json

from training.recipes.ssc_ild_mortality_texts import CARD, INFERENCE, METADATA, network_data_format


def test_the_card_says_that_it_is_simulation() -> None:
    assert CARD["evidence"] == "simulation"
    assert "simulated patients only" in CARD["limits"][0]
    assert CARD["series_base"] == 9020


def test_input_and_output_are_described() -> None:
    told = network_data_format(16, 112)
    text = json.dumps(told)
    assert '"spatial_shape": [112, 112]' in text
    assert '"risk_5y"' in text
    assert text.count("of 16, from base to apex") == 16


def test_all_is_json() -> None:
    assert json.loads(json.dumps(METADATA))["name"] == CARD["name"]
    assert json.loads(json.dumps(INFERENCE))["network_def"]["_target_"].endswith("MortalityNet")
