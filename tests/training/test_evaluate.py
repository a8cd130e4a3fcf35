import dataclasses
import json
from pathlib import Path

import pytest

from screening.errors import ConfigurationError, UnknownModel, WeightsMismatch
from tests.training import made_up_model as made_up
from training.evaluate import Simulated, Task, evaluate, scorable, score_all
from training.reporting.report import Wish


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up.install(monkeypatch)


def task(folder: Path, *sources: Simulated | Path, by: tuple[str, ...] = ()) -> Task:
    return Task(model_name=made_up.NAME, bundle=made_up.bundle(folder), sources=sources, by=by)


def test_what_can_be_scored_is_found() -> None:
    assert made_up.NAME in scorable()


def test_simulated_cohorts_stand_side_by_side(tmp_path: Path) -> None:
    sources = (Simulated(count=200), Simulated(count=100, external=True), Simulated(count=80, external=True, seed=1))
    _, cohorts = evaluate(task(tmp_path, *sources), Wish(out=tmp_path / "out", draws=20))
    assert [(scored.name, len(scored)) for scored in cohorts] == [
        ("simulated test", 200), ("simulated external", 100), ("simulated external, seed 1", 80),
    ]  # fmt: skip
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["simulated"] is True
    assert len(results["tables"]["discrimination"]["rows"]) == 6


def test_bad_rows_of_a_site_are_counted_and_the_run_finishes(tmp_path: Path) -> None:
    path = made_up.table(tmp_path, 100, 7)
    path.write_text(path.read_text() + "P200,nowhere.dcm,1\n")
    _, (scored,) = evaluate(task(tmp_path, path), Wish(out=tmp_path / "out", draws=20))
    assert (scored.name, len(scored), len(scored.bad)) == ("ours.csv", 100, 8)
    assert [row.line for row in scored.bad] == list(range(102, 110))
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["simulated"] is False
    assert results["cohorts"][0]["bad_rows"] == 8
    assert "Rows left out: 8" in (tmp_path / "out" / "table.md").read_text()


@pytest.mark.parametrize(("good", "bad", "said"), [(0, 3, "line 2: images cannot be decoded"), (0, 0, "it is empty")])
def test_a_table_without_a_usable_row_is_an_error(good: int, bad: int, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"no row that can be used.*{said}"):
        score_all(task(tmp_path, made_up.table(tmp_path, good, bad)))


def test_only_missing_files_are_an_error_too(tmp_path: Path) -> None:
    path = tmp_path / "ours.csv"
    path.write_text("patient_id,images,event\n" + "".join(f"P{k},no{k}.dcm,1\n" for k in range(5)))
    with pytest.raises(ConfigurationError, match=r"line 2: images .* and 2 more"):
        score_all(task(tmp_path, path))


def test_further_groups_of_the_table_are_taken_by_patient(tmp_path: Path) -> None:
    path = made_up.table(tmp_path, 10, extra=True)
    (scored,) = score_all(task(tmp_path, path, by=("ward", "vendor")))
    assert scored.groups["ward"].tolist() == ["W0", "W1"] * 5
    assert "vendor" not in scored.groups


def test_wrong_wishes_are_named(tmp_path: Path) -> None:
    whole = task(tmp_path)
    with pytest.raises(ConfigurationError, match="--simulate"):
        score_all(whole)
    with pytest.raises(UnknownModel, match="'hip' cannot be evaluated"):
        evaluate(dataclasses.replace(whole, model_name="hip"), Wish(out=tmp_path / "out"))
    card = whole.bundle / "configs" / "opportune.json"
    card.write_text(card.read_text().replace('"cap_mortality_cxr"', '"other"'))
    with pytest.raises(WeightsMismatch, match="that of other"):
        evaluate(whole, Wish(out=tmp_path / "out"))
