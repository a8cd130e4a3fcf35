import json
from pathlib import Path

import pytest

from screening.card import ModelCard
from tests.training.reporting.cohorts import make
from tests.training.reporting.test_tripod import CARD
from training.evaluation.scored import read_csv
from training.reporting.layouts.lookup import names
from training.reporting.report import Wish, make_report, short

CONFIGURATION = {"preprocessing": {"version": "1"}, "calibration": {"method": "Platt"}}


def card(name: str) -> ModelCard:
    return ModelCard(**{field: getattr(CARD, field) for field in CARD.__dataclass_fields__} | {"name": name})


@pytest.mark.parametrize("name", names())
def test_every_model_s_report_is_whole(name: str, tmp_path: Path) -> None:
    cohorts = [make(name, 120, name="internal"), make(name, 120, name="external", seed=1)]
    wish = Wish(out=tmp_path, draws=20, by=("sex",), simulated=True, command="opportune evaluate")
    report = make_report(card(name), CONFIGURATION, cohorts, wish)
    text = (tmp_path / "table.md").read_text()
    results = json.loads((tmp_path / "results.json").read_text())
    assert "SIMULATION-TRAINED - NOT FOR CLINICAL USE" in text
    assert "no yardstick" in text
    for table in report.tables:
        assert f"## {table.title}" in text
        assert table.key in results["tables"]
    assert [cohort["bad_rows"] for cohort in results["cohorts"]] == [1, 1]
    assert results["cohorts"][0]["bad"] == [
        {"line": 4, "why": "line 4: images must be files or folders that exist, 1 of 1 do not"}
    ]
    assert "Rows left out: 2" in text
    assert all((tmp_path / "plots" / plot).is_file() for plot in results["plots"])
    assert (tmp_path / "tripod_ai.md").read_text().count("\n| ") == 29
    assert len((tmp_path / "table.csv").read_text().splitlines()) > 20
    back = read_csv(tmp_path / "scored_2.csv", model_name=name, name="external")
    assert len(back) == 120
    assert short(report)


def test_few_events_stand_above_everything(tmp_path: Path) -> None:
    few = make("cap_mortality_cxr", 30)
    report = make_report(card("cap_mortality_cxr"), {}, [few], Wish(out=tmp_path, draws=20))
    assert report.banners
    text = (tmp_path / "table.md").read_text()
    assert text.index("NOT INTERPRETABLE") < text.index("## Who was evaluated")
    assert "no yardstick" not in text


def test_a_recalibrated_bundle_says_so(tmp_path: Path) -> None:
    again = {"calibration": {"method": "Platt", "recalibration": {"risk": {"method": "isotonic"}}}}
    make_report(card("cap_mortality_cxr"), again, [make("cap_mortality_cxr")], Wish(out=tmp_path, draws=20))
    assert "Recalibrated (isotonic)" in (tmp_path / "tripod_ai.md").read_text()


def test_the_same_draws_give_the_same_numbers(tmp_path: Path) -> None:
    for name in ("a", "b"):
        make_report(card("cap_mortality_cxr"), {}, [make("cap_mortality_cxr")], Wish(out=tmp_path / name, draws=20))
    assert (tmp_path / "a" / "results.json").read_bytes() == (tmp_path / "b" / "results.json").read_bytes()
