"""`opportune evaluate` and `opportune recalibrate` on a made-up model and on real files made bad."""

import json
from pathlib import Path

import pytest

from models import registry
from tests.training import made_up_model as made_up
from tests.training.cohorts.test_cap_mortality_cxr import spoil
from tests.worker.cli.command import opportune

MODEL = made_up.NAME


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up.install(monkeypatch)


@pytest.mark.usefixtures("_installed")
def test_a_cohort_with_bad_rows_ends_well_and_is_warned_of(tmp_path: Path) -> None:
    table = made_up.table(tmp_path, 120, 3)
    ended = opportune("evaluate", MODEL, "--cohort", table, "--out", tmp_path / "out", "--boot", 100, "--json")
    assert ended.status == 0
    assert ended.words.startswith("opportune: warning: 3 rows of ours.csv left out")
    assert ended.json["rows"] == {"ours.csv": 120}
    assert ended.json["bad_rows"] == {"ours.csv": 3}
    assert ended.json["not_interpretable"] == []
    assert any("AUC DL" in name for name in ended.json["figures"])
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["draws"] == 100
    assert f"opportune evaluate {MODEL}" in results["command"]


@pytest.mark.usefixtures("_installed")
def test_simulated_patients_for_people(tmp_path: Path) -> None:
    options = ("--simulate", 150, "--simulate", "external:90,external:80", "--boot", 100, "--seed", 3)
    ended = opportune("evaluate", MODEL, "--out", tmp_path / "out", *options)
    assert ended.status == 0
    assert "simulated test, seed 3, simulated external, seed 3, simulated external, seed 4" in " ".join(
        ended.out.split()
    )
    assert f"report in {tmp_path / 'out' / 'table.md'}" in ended.out
    held_out = opportune("evaluate", MODEL, "--out", tmp_path / "out", "--simulate", 150, "--external", "--json",
                         "--boot", 100)  # fmt: skip
    assert held_out.json["rows"] == {"simulated external": 150}


@pytest.mark.usefixtures("_installed")
def test_few_events_are_said_first(tmp_path: Path) -> None:
    ended = opportune("evaluate", MODEL, "--out", tmp_path / "out", "--simulate", 20, "--boot", 100)
    assert ended.out.startswith("NOT INTERPRETABLE - simulated test: ")


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(
    ("options", "said"),
    [(("--simulate", "many"), "--simulate must be"), (("--simulate", 0), "--simulate must be"), ((), "give --cohort"),
     (("--simulate", 50, "--layout", "wide"), "--layout must be paper")],
)  # fmt: skip
def test_wrong_wishes(options: tuple[object, ...], said: str, tmp_path: Path) -> None:
    ended = opportune("evaluate", MODEL, "--out", tmp_path / "out", *options)
    assert ended.status == 2
    assert said in ended.words


@pytest.mark.usefixtures("_installed")
def test_nothing_but_bad_rows_is_an_error(tmp_path: Path) -> None:
    ended = opportune("evaluate", MODEL, "--cohort", made_up.table(tmp_path, 0, 3), "--out", tmp_path / "out")
    assert ended.status == 2
    assert "ours.csv has no row that can be used: line 2: images cannot be decoded" in ended.words
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    ended = opportune("evaluate", "hip", "--simulate", 5, "--out", tmp_path / "out")
    assert ended.status == 1
    assert "'hip' cannot be evaluated" in ended.words


@pytest.mark.usefixtures("_installed")
def test_recalibrate(tmp_path: Path) -> None:
    table, new = made_up.table(tmp_path, 400, 1), tmp_path / "new"
    options = ("--cohort", table, "--method", "intercept+slope", "--out", new)
    ended = opportune("recalibrate", MODEL, *options, "--json")
    assert ended.status == 0
    assert "warning: 1 rows of ours.csv left out" in ended.words
    assert ended.json["version"].startswith("0.1.0+recal.1.")
    assert ended.json["record"]["outputs"]["risk"]["n"] == 400
    again = opportune("recalibrate", MODEL, *options)
    assert again.status == 2
    assert "is there already" in again.words
    people = opportune("recalibrate", MODEL, "--cohort", table, "--out", tmp_path / "other")
    assert "after, cross-validated" in people.out
    assert f"bundle in {tmp_path / 'other'}" in people.out


def test_real_files_made_bad(tmp_path: Path) -> None:
    """The shipped weights on DICOM files: cut off, no DICOM, missing, of another modality, of a child, blank."""
    table = tmp_path / "ours.csv"
    table.write_text("\n".join(spoil(tmp_path)) + "\n")
    ended = opportune("evaluate", MODEL, "--cohort", table, "--out", tmp_path / "out", "--boot", 100, "--by", "sex",
                      "--json")  # fmt: skip
    assert ended.status == 0
    assert ended.json["bad_rows"] == {"ours.csv": 10}
    assert ended.json["rows"] == {"ours.csv": 3}
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [row["line"] for row in results["cohorts"][0]["bad"]] == [4, 5, 6, 7, 8, 9, 11, 12, 13, 14]
    assert results["not_interpretable"]
    said = (tmp_path / "out" / "table.md").read_text()
    assert "Rows left out: 10" in said
    assert "wrong-modality" in said
    assert str(tmp_path) not in said


def test_a_model_without_weights_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pediatric_age_cxr").mkdir()
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    ended = opportune("evaluate", "pediatric_age_cxr", "--simulate", 10, "--out", tmp_path / "out")
    assert ended.status == 2
    assert "no weights of pediatric_age_cxr are shipped: make some with opportune train" in ended.words
    assert not (tmp_path / "out").exists()
