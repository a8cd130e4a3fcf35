"""The sample studies of the demonstration: simulated, each with the end that it must come to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from training.phantoms.chest.lateral import make_lateral
from training.phantoms.chest.phantom import Phantom, make_phantom
from training.phantoms.dicom import PhantomPatient, birth_date_of, write_radiograph

LONGEST_SIDE = 1280  # pixels of the longer side
_FIRST = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)

Expected = Literal["screened", "not-evaluable", "ineligible", "not-indicated"]
Change = Callable[[Dataset], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A study on disk, and what must become of it."""

    label: str
    study_instance_uid: str
    paths: tuple[Path, ...]
    expected: Expected


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """How one sample is made."""

    label: str
    expected: Expected
    draw: Callable[[], Phantom]
    change: Change | None = None  #: what is done to the data set after it was written
    modality: Literal["DX", "CR"] = "DX"
    description: str = "Chest, pneumonia"
    with_lateral: bool = False
    knows_age: bool = field(default=True)


def write_samples(folder: Path, progress: Callable[[int, int], None]) -> list[Sample]:
    """Write every sample study below the folder; progress is called with (done, total)."""
    samples = []
    for number, plan in enumerate(_PLANS, start=1):
        samples.append(_write(folder / f"{number:02d}", number, plan))
        progress(number, len(_PLANS))
    return samples


def _write(folder: Path, number: int, plan: _Plan) -> Sample:
    folder.mkdir(parents=True)
    study_instance_uid = str(generate_uid(prefix="2.25.", entropy_srcs=["opportune demo", str(number)]))
    pictures: Sequence[Phantom] = [plan.draw()]
    if plan.with_lateral:
        pictures = [make_lateral(number, longest_side=LONGEST_SIDE, age=pictures[0].age), *pictures]
    paths = []
    for index, phantom in enumerate(pictures, start=1):
        acquired = _FIRST + timedelta(minutes=17 * number + index)
        born = birth_date_of(pictures[-1], acquired.date()) if plan.knows_age else None
        path = folder / f"{phantom.view}.dcm"
        ds = write_radiograph(
            path,
            phantom,
            patient=PhantomPatient(patient_id=f"DEMO{number:04d}", name=f"Phantom^Demo {number}", birth_date=born),
            study_instance_uid=study_instance_uid,
            acquired=acquired,
            modality=plan.modality,
            accession_number=f"DEMO{number:04d}",
            study_description=plan.description,
            series_number=index,
        )
        if plan.change is not None:
            plan.change(ds)
            ds.save_as(path, enforce_file_format=True)
        paths.append(path)
    return Sample(label=plan.label, study_instance_uid=study_instance_uid, paths=tuple(paths), expected=plan.expected)


def _adult(seed: int, age: float, view: Literal["PA", "AP"], *, healthy: bool = False) -> Callable[[], Phantom]:
    return lambda: make_phantom(seed, longest_side=LONGEST_SIDE, age=age, view=view, healthy=healthy)


def _invert(ds: Dataset) -> None:
    """Store the picture as MONOCHROME1, as many computed radiography readers do."""
    pixels = np.frombuffer(ds.PixelData, dtype="<u2")[: ds.Rows * ds.Columns]
    inverted = (2**ds.BitsStored - 1 - pixels).astype("<u2").tobytes()
    ds.PixelData = inverted + b"\0" * (len(inverted) % 2)
    ds.PhotometricInterpretation = "MONOCHROME1"
    if "PresentationLUTShape" in ds:
        ds.PresentationLUTShape = "INVERSE"


def _without_spacing(ds: Dataset) -> None:
    del ds.ImagerPixelSpacing


def _without_exposure(ds: Dataset) -> None:
    """A plate that was read before it was exposed: nothing but a little noise."""
    noise = np.random.default_rng(1).integers(2000, 2010, ds.Rows * ds.Columns, dtype="<u2").tobytes()
    ds.PixelData = noise + b"\0" * (len(noise) % 2)


def _upside_down(ds: Dataset) -> None:
    pixels = np.frombuffer(ds.PixelData, dtype="<u2")[: ds.Rows * ds.Columns].reshape(ds.Rows, ds.Columns)
    turned = np.ascontiguousarray(pixels[::-1, ::-1]).tobytes()
    ds.PixelData = turned + b"\0" * (len(turned) % 2)


_PLANS = (
    _Plan(label="adult, PA, little disease", expected="screened", draw=_adult(101, 44, "PA", healthy=True)),
    _Plan(label="adult, PA and lateral", expected="screened", draw=_adult(102, 63, "PA"), with_lateral=True),
    _Plan(label="old adult, AP at the bedside", expected="screened", draw=_adult(103, 88, "AP")),
    _Plan(
        label="MONOCHROME1, computed radiography",
        expected="screened",
        draw=_adult(104, 71, "PA"),
        change=_invert,
        modality="CR",
    ),
    _Plan(label="pixel spacing missing", expected="screened", draw=_adult(105, 57, "PA"), change=_without_spacing),
    _Plan(label="age unknown", expected="not-evaluable", draw=_adult(106, 60, "PA"), knows_age=False),
    _Plan(label="plate not exposed", expected="not-evaluable", draw=_adult(107, 52, "PA"), change=_without_exposure),
    _Plan(label="upside down", expected="not-evaluable", draw=_adult(108, 66, "PA"), change=_upside_down),
    _Plan(
        label="lateral view only",
        expected="ineligible",
        draw=lambda: make_lateral(109, longest_side=LONGEST_SIDE, age=58),
    ),
    _Plan(label="child", expected="ineligible", draw=lambda: make_phantom(110, longest_side=LONGEST_SIDE, age=7)),
    _Plan(
        label="adult, no pneumonia known",
        expected="not-indicated",
        draw=_adult(111, 49, "PA"),
        description="Chest, preoperative",
    ),
)
