import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.recalibration import recalibrations
from screening.card import ModelCard
from screening.errors import ConfigurationError
from tests.training import made_up_model as made_up
from tests.training.reporting.cohorts import make
from training.evaluate import Task
from training.recalibrate import YEARS, recalibrate, targets


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up.install(monkeypatch)


def task(folder: Path, good: int = 1500, bundle: Path | None = None) -> Task:
    sources = (made_up.table(folder, good, 2),)
    return Task(model_name=made_up.NAME, bundle=bundle or made_up.bundle(folder), sources=sources)


def configuration(bundle: Path) -> dict[str, Any]:
    return dict(json.loads((bundle / "configs" / "opportune.json").read_text()))


def test_a_new_version_with_the_same_weights_and_an_honest_card(tmp_path: Path) -> None:
    old = task(tmp_path)
    made = recalibrate(old, "intercept+slope", tmp_path / "new")
    before, after = ModelCard.load(old.bundle), ModelCard.load(tmp_path / "new")
    assert after.version.startswith(f"{before.version}+recal.1.")
    assert after.weights_sha256 == before.weights_sha256
    after.verify(tmp_path / "new")
    assert after.evidence == before.evidence
    assert after.limits[:-1] == before.limits
    assert "Recalibrated (intercept+slope) on 1500 examinations of 1500 patients of a site" in after.limits[-1]
    map_ = recalibrations(configuration(tmp_path / "new"))["risk"]
    assert map_.intercept == pytest.approx(1, abs=0.3)
    assert map_.slope == pytest.approx(2, abs=0.4)
    metadata = json.loads((tmp_path / "new" / "configs" / "metadata.json").read_text())
    assert metadata["version"] == after.version
    assert after.version in metadata["changelog"]
    assert made.bad == 2
    assert "## Recalibration" in (tmp_path / "new" / "docs" / "README.md").read_text()
    old_values, values = configuration(old.bundle), configuration(tmp_path / "new")
    assert values["calibration"]["platt"] == old_values["calibration"]["platt"]
    assert {k: v for k, v in values.items() if k not in {"card", "calibration"}} == {
        k: v for k, v in old_values.items() if k not in {"card", "calibration"}
    }


def test_the_record_says_what_was_done(tmp_path: Path) -> None:
    recalibrate(task(tmp_path), "isotonic", tmp_path / "new")
    record = json.loads((tmp_path / "new" / "docs" / "recalibration.json").read_text())
    said = record["outputs"]["risk"]
    assert (record["method"], record["cohort"], record["rows"], record["bad_rows"]) == ("isotonic", "ours.csv", 1500, 2)
    assert said["events"] == int(made_up.made(2000, 0).died[2:1502].sum())
    assert said["before"]["slope"] > 1.5
    assert abs(said["after_cross_validated"]["slope"] - 1) < 0.3
    assert abs(said["after_cross_validated"]["in_the_large"]) < 0.2
    assert said["after_same_patients"]["brier"] < said["after_cross_validated"]["brier"] < said["before"]["brier"]


def test_a_second_time_replaces_the_first(tmp_path: Path) -> None:
    first = recalibrate(task(tmp_path), "intercept", tmp_path / "one")
    again = Task(model_name=made_up.NAME, bundle=tmp_path / "one", sources=(tmp_path / "ours.csv",))
    second = recalibrate(again, "intercept+slope", tmp_path / "two")
    assert second.card.version.startswith("0.1.0+recal.2.")
    assert sum(text.startswith("Recalibrated") for text in second.card.limits) == 1
    plain = recalibrate(task(tmp_path, bundle=tmp_path / "bundle"), "intercept+slope", tmp_path / "three")
    assert configuration(tmp_path / "two")["calibration"] == configuration(tmp_path / "three")["calibration"]
    risk = second.record["outputs"]["risk"]
    assert risk["before"] == first.record["outputs"]["risk"]["after_same_patients"]
    assert plain.card.version.startswith("0.1.0+recal.1.")


def test_a_reader_that_is_deaf_to_it_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_up.install(monkeypatch, made_up.deaf)
    with pytest.raises(ConfigurationError, match="does not apply the recalibration of risk"):
        recalibrate(task(tmp_path), "intercept", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_too_few_events_write_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"risk: .* 20 are needed"):
        recalibrate(task(tmp_path, 30), "intercept", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is there already"):
        recalibrate(task(tmp_path), "intercept", tmp_path)


def test_one_cohort_at_a_time(tmp_path: Path) -> None:
    none = Task(model_name=made_up.NAME, bundle=tmp_path, sources=())
    with pytest.raises(ConfigurationError, match="one cohort"):
        recalibrate(none, "intercept", tmp_path / "new")


@pytest.mark.parametrize("name", sorted(YEARS))
def test_every_risk_of_a_model_is_a_target(name: str) -> None:
    found = targets(name, make(name))
    assert [target.name for target in found] == [f"risk_{year}" for year in YEARS[name]]
    assert all(target.probability for target in found)


def test_age_is_a_number_and_pneumonia_has_two_outputs() -> None:
    assert [t.probability for t in targets("pediatric_age_cxr", make("pediatric_age_cxr"))] == [False]
    found = targets("cap_mortality_cxr", make("cap_mortality_cxr"))
    assert [t.name for t in found] == ["risk", "combined"]
    assert np.isfinite(found[1].predicted).all()
