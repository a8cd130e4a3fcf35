"""Which results an address asks for."""

from pathlib import Path

import pytest

from dashboard import result_fields
from db.result_list import Answer, Wanted, Way
from models import registry
from screening.settings import ModelSettings, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, models={"old_model": ModelSettings()})


def test_what_is_not_given_does_not_narrow(settings: Settings) -> None:
    assert result_fields.wanted({}, settings) == Wanted()
    assert result_fields.wanted(dict.fromkeys(result_fields.FIELDS, ""), settings) == Wanted()


def test_each_field(settings: Settings) -> None:
    found = result_fields.wanted({"model": "x", "way": "held", "answer": "positive"}, settings)
    assert found == Wanted(model="x", way=Way.HELD, answer=Answer.POSITIVE)


def test_evidence_is_that_of_the_bundles_on_the_node(settings: Settings) -> None:
    simulated = result_fields.wanted({"evidence": "simulation"}, settings).versions
    assert simulated is not None
    assert {name for name, _ in simulated} == set(registry.names())
    assert result_fields.wanted({"evidence": "site-validated"}, settings).versions == []


@pytest.mark.parametrize("fields", [{"evidence": "x"}, {"way": "HELD"}, {"answer": "yes"}])
def test_what_makes_no_sense_is_told(settings: Settings, fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="there is no such"):
        result_fields.wanted(fields, settings)


def test_where_a_page_begins() -> None:
    assert (result_fields.before(""), result_fields.before("7")) == (None, 7)
    for text in ("-1", "x", "1.5", "9" * 19):
        with pytest.raises(ValueError, match="no such page"):
            result_fields.before(text)


def test_models_to_choose_from(settings: Settings) -> None:
    assert result_fields.models(settings) == sorted([*registry.names(), "old_model"])
