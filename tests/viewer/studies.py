"""Simulated studies with their results, as an archive has them once the node has been at work."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import FileDataset

from screening.rounding import rounded
from screening.settings import Settings
from training.simulate import SIMULATORS
from worker.pipeline import Pipeline
from worker.screen_folder import read_folder, screen_study

SEEDS = range(1, 8)
OTHER_SEED = 99  #: of the patient who is refused: the archive must not know the images yet
RESULTS = ("OT", "SR", "SEG")  #: modalities of result series, in the order in which they are opened


@dataclass(frozen=True, kw_only=True)
class ResultSeries:
    """A series of the study that is to be opened."""

    uid: str
    modality: str
    objects: tuple[FileDataset, ...]


@dataclass(frozen=True, kw_only=True)
class Screened:
    """A study and what a model made of it."""

    name: str
    study_instance_uid: str
    outcome: dict[str, Any]
    images: tuple[Path, ...]
    results: tuple[Path, ...]

    @property
    def series(self) -> list[ResultSeries]:
        """Every series of results, in the order of `RESULTS`."""
        found: dict[str, list[FileDataset]] = {}
        for path in self.results:
            ds = dcmread(path)
            found.setdefault(str(ds.SeriesInstanceUID), []).append(ds)
        every = [
            ResultSeries(
                uid=uid,
                modality=str(objects[0].Modality),
                objects=tuple(sorted(objects, key=lambda ds: int(ds.InstanceNumber))),
            )
            for uid, objects in found.items()
        ]
        return sorted(every, key=lambda item: (RESULTS.index(item.modality), item.uid))

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The measurement groups of the outcome; none of a refusal."""
        return list(self.outcome.get("groups", ()))


def screened(model: str, folder: Path) -> Screened:
    """A simulated study of which the model can say something."""
    for seed in SEEDS:
        images = folder / str(seed)
        SIMULATORS[model](images, 1, seed, lambda: None)
        for found in _screen(model, images, folder / f"results-{seed}"):
            if found.outcome["kind"] == "findings":
                return found
    raise AssertionError(f"{model} judges none of the patients of seeds {SEEDS}")


def refused(model: str, folder: Path, change: Callable[[FileDataset], None]) -> Screened:
    """A simulated study that was changed so that the model refuses it."""
    images = folder / "changed"
    SIMULATORS[model](images, 1, OTHER_SEED, lambda: None)
    for path in images.rglob("*.dcm"):
        ds = dcmread(path)
        change(ds)
        ds.save_as(path, enforce_file_format=True)
    (found,) = _screen(model, images, folder / "results")
    assert found.outcome["kind"] == "not_evaluable"
    return found


def modality_of(path: Path) -> str:
    """Of a file, from its header."""
    return str(dcmread(path, stop_before_pixels=True, specific_tags=["Modality"]).Modality)


def shown_value(value: float, unit: str) -> str:
    """How OHIF writes a measured value: two decimals, half away from zero, the code of the unit; nothing for 0."""
    rounded = str(Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP)) if value else ""
    return f"{rounded} {unit}"


def labels_of(group: dict[str, Any]) -> list[list[str]]:
    """The labels that OHIF 3.13 makes of a measurement group: values, then the site under the code of its name."""
    values = [
        [item["name"]["meaning"], shown_value(rounded(item["value"], 2 if item["unit"]["value"] == "%" else 6),
                                              item["unit"]["value"])]
        for item in group["measurements"]
    ]  # fmt: skip
    return [*values, ["363698007", group["site"]["meaning"]]]


def _screen(model: str, images: Path, out: Path) -> Iterator[Screened]:
    """The studies of a folder that the model took."""
    studies, _ = read_folder(images)
    pipeline = Pipeline(threads=1)
    for study in studies:
        for result in screen_study(study, Settings(), [model], pipeline, out):
            assert result["decision"] != "failed", result["reason"]
            if result["outcome"] is not None:
                yield Screened(
                    name=model,
                    study_instance_uid=study.study_instance_uid,
                    outcome=result["outcome"],
                    # without what the simulator knows of the phantom: an archive of patients has no true labels
                    images=tuple(path for path in sorted(images.rglob("*.dcm")) if modality_of(path) not in RESULTS),
                    results=tuple(Path(item["path"]) for item in result["objects"]),
                )
