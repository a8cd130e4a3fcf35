"""What a bundle says of the patients that it was judged on."""

from dataclasses import replace
from pathlib import Path

import pytest

from models import registry
from screening.card import ModelCard
from screening.errors import ConfigurationError
from training.request import TrainingRequest
from training.shipped import Origin, Shipped, named, results_of
from training.train import trainable


@pytest.mark.parametrize("name", trainable())
def test_every_shipped_card_says_where_its_patients_came_from(name: str) -> None:
    bundle = registry.bundle(name)
    origin = Origin.of(ModelCard.load(bundle))
    assert (origin.tier, origin.seed) == ("small", 0)
    assert origin.simulator.endswith("-1.0")
    assert len(results_of(bundle)) > 30


def test_a_sites_patients_cannot_be_drawn() -> None:
    card = ModelCard.load(registry.bundle("cap_mortality_cxr"))
    with pytest.raises(ConfigurationError, match=r"patients of a site.*evaluate --cohort"):
        Origin.of(replace(card, trained_on="70 patients of a site (table ours.csv, tier tiny, seed 0)"))


def test_numbers_are_those_of_the_table(tmp_path: Path) -> None:
    request = TrainingRequest(tier="tiny", out=tmp_path)
    shipped = Shipped(bundle=tmp_path, results={"test_rows": 7.0}, request=request)
    assert shipped.count("test_rows") == 7
    with pytest.raises(ConfigurationError, match="external_rows"):
        shipped.count("external_rows")
    assert named("test", {"auc": 0.5}) == {"test_auc": 0.5}


@pytest.mark.parametrize("text", [None, "[1]", '{"auc": "high"}', "{"])
def test_what_is_no_table(text: str | None, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    if text is not None:
        (tmp_path / "docs" / "results.json").write_text(text)
    with pytest.raises(ConfigurationError, match="no table of figures"):
        results_of(tmp_path)
