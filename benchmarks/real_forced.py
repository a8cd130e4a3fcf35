"""The checks of the pixels alone, on every real picture, whatever its header says."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.real_inputs import Input
from dicom_node.header import read_instance
from dicom_node.pixels import read_radiograph
from models import registry
from models.contract import ScreeningModel
from models.framing import Array
from screening.errors import ScreeningError
from screening.findings import NotEvaluable
from screening.header import Header
from screening.images import Radiograph
from screening.types import ClinicalContext, Patient

AGES = {"cap_mortality_cxr": 60.0, "pediatric_age_cxr": 8.0, "spine_fracture_xr": 60.0}
"""That each model reads."""
JPEGS = {"cxr_age": "cxr_age/cxr_age.csv", "cxr_survival": "cxr_survival/cxr_survival.csv"}
EVERY = 5  # of the collections of real chests, in the order of their tables: a sample that takes minutes
UID = "1.2.3"


def forced_table(items: Sequence[Input], data: Path, shown: Mapping[str, str]) -> str:
    """What each model says of each picture when the header is made to fit; then of each collection of real chests."""
    models = {name: registry.load(name, device="cpu") for name in AGES}
    lines = [
        "As if each header fitted each model (the right part of the body, view and age):", "",
        f"| file | it shows | {' | '.join(AGES)} |", "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for item in items:
        (path,) = item.folder.iterdir()
        try:
            image = read_radiograph(path, read_instance(path, location=str(path)))
            told = [_code(models[name], name, image.pixels, image.spacing) for name in AGES]
        except ScreeningError as exc:
            told = [f"cannot be decoded: {exc}"[:80]] * len(AGES)
        lines.append(f"| {item.name} | {shown.get(item.name, 'no picture')} | {' | '.join(told)} |")
    lines += [
        "", "Real frontal chests without a header (JPEG), as if one fitted; every fifth of the collection:", "",
        f"| collection | pictures | {' | '.join(AGES)} |", "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for collection, listed in JPEGS.items():
        pictures = _pictures(data / listed)
        counts = [_counts(models[name], name, pictures) for name in AGES]
        lines.append(f"| {collection} | {len(pictures)} | {' | '.join(counts)} |")
    return "\n".join(lines)


def _code(model: ScreeningModel, name: str, pixels: Array, spacing: tuple[float, float] | None = None) -> str:
    """The reason code, or "passes"."""
    picture = Radiograph(pixels=pixels, spacing=spacing, sop_instance_uid=UID, header=Header({}))
    outcome = model.predict(picture, Patient(age_years=AGES[name], sex=None), ClinicalContext())
    return f"`{outcome.code}`" if isinstance(outcome, NotEvaluable) else "passes"


def _pictures(listed: Path) -> list[Array]:
    with listed.open(encoding="utf-8", newline="") as file:
        paths = [listed.parent / row["file"] for row in csv.DictReader(file)][::EVERY]
    return [np.asarray(Image.open(path).convert("L"), np.float32) / np.float32(255) for path in paths]


def _counts(model: ScreeningModel, name: str, pictures: Sequence[Array]) -> str:
    counts: dict[str, int] = {}
    for pixels in pictures:
        code = _code(model, name, pixels)
        counts[code] = counts.get(code, 0) + 1
    return ", ".join(f"{count} {code}" for code, count in sorted(counts.items(), key=lambda pair: -pair[1]))
