from dataclasses import replace

from screening.card import Evidence, ModelCard
from training.reporting.tripod import WHO, Facts, items, markdown

CARD = ModelCard(
    name="cap_mortality_cxr", version="0.1.0", title="30-day mortality", evidence=Evidence.SIMULATION,
    intended_use="Estimates risk.", population="Adults", limits=("A limit.",), reference="A paper", series_base=9010,
    input_size=(128, 128), weights_file="models/model.safetensors", weights_sha256="a" * 64,
    trained_on="5000 | phantoms",
)  # fmt: skip
FACTS = Facts(
    card=CARD, cohorts=("ours.csv: 9 rows.",), simulated=False, outcome="Death.", predictors="Images.",
    missing=("ours.csv: curb65 of 3 rows",), analysis="Bootstrap.", subgroups=("sex",), recalibrated=None,
    calibration_method="Platt", preprocessing="Version 1.", software="Opportune", main_results=("AUC 0.7.",),
)  # fmt: skip


def test_there_are_27_items_in_order() -> None:
    assert [item.number for item in items(FACTS)] == list(range(1, 28))


def test_each_item_is_filled_or_says_who_must_fill_it() -> None:
    for facts in (FACTS, replace(FACTS, simulated=True)):
        for item in items(facts):
            assert item.said or item.to_fill, item
            assert (item.by in WHO) == bool(item.to_fill), item


def test_a_site_is_asked_what_a_simulator_is_not() -> None:
    asked = {item.number for item in items(FACTS) if item.by == "site"}
    assert {5, 6, 8, 9, 17} <= asked
    assert not any(item.by == "site" for item in items(replace(FACTS, simulated=True)))


def test_the_document_says_what_the_run_knows() -> None:
    text = markdown(FACTS)
    for said in ("SIMULATION-TRAINED", "curb65 of 3 rows", "AUC 0.7.", "A limit.", "5000 \\| phantoms", "a" * 64,
                 "evaluated as it is"):  # fmt: skip
        assert said in text
    assert "Recalibrated (isotonic)" in markdown(replace(FACTS, recalibrated="Recalibrated (isotonic)"))
    left = sum(bool(item.to_fill) for item in items(FACTS))
    assert text.count("**To be filled** by") == left
    assert text.endswith(f"27 items; {left} need a person.\n")
