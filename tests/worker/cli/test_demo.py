"""`opportune demo` speaks for the demonstration: its exit status, its JSON, its table."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.worker.cli.command import opportune
from worker import roles


@dataclass
class Still:
    """A demonstration that stands still."""

    port: int = 11199
    pacs_port: int = 11198


@dataclass
class Stage:
    """What a demonstration will show, and in which folder it was asked to."""

    values: dict[str, Any]
    folder: Path | None = None
    ended: bool = False


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A demonstration in which all went well."""
    row = {"sample": "pneumonia", "model": "adults", "outcome": "screened", "detail": "12.5 %", "objects": ["a", "b"],
           "as_expected": True}  # fmt: skip
    figures = ("sent", "screened", "not_evaluable", "ineligible", "not_indicated", "objects_stored", "failed")
    values: dict[str, Any] = dict.fromkeys(figures, 0) | {"seconds": 1.5, "folder": "there", "studies": [row]}
    made = Stage(values)

    def demonstrate(folder: Path, _: object) -> Iterator[tuple[Still, dict[str, Any]]]:
        made.folder = folder
        try:
            yield Still(), made.values
        finally:
            made.ended = True

    module = ModuleType("worker.demo.run")
    module.demonstrate, module.SENDER = demonstrate, "DEMO"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "worker.demo.run", module)
    return made


def test_once_ends_with_0_when_all_went_well(stage: Stage, tmp_path: Path) -> None:
    ended = opportune("demo", "--once", "--json", "--out", tmp_path / "new")
    assert (ended.status, ended.json) == (0, stage.values)
    assert (stage.folder, stage.ended) == (tmp_path / "new", True)


def test_for_people_it_says_that_nothing_of_it_is_for_patients(stage: Stage, tmp_path: Path) -> None:
    out = opportune("demo", "--once", "--out", tmp_path / "new").out
    assert "SIMULATION-TRAINED - NOT FOR CLINICAL USE" in out
    assert "pneumonia" in out
    assert "UNEXPECTED" not in out


def test_a_model_that_rightly_leaves_a_study_to_another_is_not_listed(stage: Stage, tmp_path: Path) -> None:
    (row,) = stage.values["studies"]
    left = row | {"model": "children", "outcome": "ineligible", "detail": "age is 60 years"}
    nobodys = left | {"sample": "lateral", "detail": "view is LL"}
    stage.values["studies"] = [row, left, nobodys]
    out = opportune("demo", "--once", "--out", tmp_path / "new").out
    assert "adults" in out
    assert "age is 60 years" not in out
    assert "view is LL" in out
    left["as_expected"] = False
    assert "age is 60 years" in opportune("demo", "--once", "--out", tmp_path / "newer").out


def test_once_ends_with_1_when_a_sample_did_not(stage: Stage, tmp_path: Path) -> None:
    stage.values["failed"] = 1
    stage.values["studies"][0]["as_expected"] = False
    ended = opportune("demo", "--once", "--out", tmp_path / "new")
    assert ended.status == 1
    assert "screened (UNEXPECTED)" in ended.out
    assert "1 samples did not end as expected" in ended.words
    assert stage.ended


def test_a_folder_that_is_not_empty_is_left_alone(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    ended = opportune("demo", "--once", "--out", tmp_path)
    assert ended.status == 2
    assert "is not empty; name a new folder" in ended.words
    assert stage.folder is None


def test_without_once_it_goes_on_until_a_signal_comes(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[bool] = []
    monkeypatch.setattr(roles, "wait_for_signal", lambda: waited.append(stage.ended))
    out = opportune("demo", "--out", tmp_path / "new").out
    assert waited == [False]
    assert stage.ended
    assert "OPPORTUNE@127.0.0.1:11199 (calling AE title DEMO), its PACS on port 11198" in out


def test_json_is_all_that_a_program_reads(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "wait_for_signal", lambda: None)
    ended = opportune("demo", "--json", "--out", tmp_path / "new")
    assert ended.json == stage.values
    assert "Press Ctrl-C" in ended.err
