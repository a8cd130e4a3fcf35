"""Simulated studies, with or without a defect, through the code of `opportune screen`."""

import csv
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import dcmread

from models import registry
from screening.settings import Settings
from tests.acceptance.quality.defects import READ, UNREAD, Defect, Files
from training.simulate import SIMULATORS
from worker.pipeline import Pipeline
from worker.screen_folder import read_folder, screen_study


@dataclass(frozen=True)
class Seen:
    """What became of a study."""

    code: str  #: the reason code of the refusal, READ or UNREAD
    words: str  #: everything that a reader is told


@dataclass(frozen=True)
class _Simulated:
    images: tuple[bytes, ...]
    labels: Mapping[str, str]


@cache
def _simulated(model: str, seed: int) -> _Simulated:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        SIMULATORS[model](folder, 1, seed, lambda: None)
        paths = sorted(path for path in folder.rglob("*.dcm") if path.name != "segmentation.dcm")
        with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
            (row,) = csv.DictReader(file)
        return _Simulated(tuple(path.read_bytes() for path in paths), row)


def clean(model: str, seed: int) -> Files:
    """The images of a simulated study, as fit for the model as its simulator makes them; drawn once in a process."""
    return [dcmread(BytesIO(content)) for content in _simulated(model, seed).images]


def labels(model: str, seed: int) -> Mapping[str, str]:
    """What is true about it: the row of labels.csv."""
    return _simulated(model, seed).labels


@cache
def _pipeline() -> Pipeline:
    return Pipeline(threads=1)


def screened(model: str, files: Files, folder: Path) -> Seen:
    """Write the images below the folder and screen them; no more than one study."""
    source = folder / "in"
    source.mkdir(parents=True)
    for number, ds in enumerate(files):
        ds.save_as(source / f"{number:04d}.dcm", enforce_file_format=True)
    studies, unread = read_folder(source)
    if not studies:
        return Seen(UNREAD, " ".join(item.reason for item in unread))
    (study,) = studies
    (result,) = screen_study(study, Settings(), [model], _pipeline(), folder / "out")
    return _seen(result)


def _seen(result: dict[str, Any]) -> Seen:
    outcome = result["outcome"]
    if result["decision"] == "failed":
        return Seen("failed", result["reason"])
    if outcome is None:
        first = result["rejected"][0]
        return Seen(first["code"], first["reason"])
    if outcome["kind"] == "not_evaluable":
        return Seen(outcome["code"], outcome["reason"])
    limits = registry.card(result["model"]).limits  # its report and its card picture hold them
    return Seen(READ, " ".join([outcome["conclusion"], *outcome["notes"], *limits]))


def check(defect: Defect, seed: int, folder: Path) -> None:
    """The defect's study ends as its row says; a remark that a defect brings is made of it alone."""
    seen = screened(defect.model, defect.apply(clean(defect.model, seed)), folder / "defect")
    assert seen.code == defect.expected, seen
    assert defect.said in seen.words
    if defect.said:
        without = screened(defect.model, clean(defect.model, seed), folder / "clean")
        assert (defect.said in without.words) != defect.recognised


def names(rows: Sequence[Defect]) -> list[str]:
    """For the ids of tests."""
    return [f"{row.model}: {row.name}" for row in rows]
