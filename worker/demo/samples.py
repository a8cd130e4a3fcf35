"""The sample studies of the demonstration: simulated, each with the end that it must come to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from training.phantoms.chest.lateral import make_lateral
from training.phantoms.chest.phantom import make_phantom
from training.phantoms.child.phantom import make_child
from training.phantoms.ct_dicom import CtScan, write_ct
from training.phantoms.dicom import (
    CHEST,
    LUMBAR_SPINE,
    BodyPart,
    Phantom,
    PhantomPatient,
    birth_date_of,
    write_radiograph,
)
from training.phantoms.lung.phantom import make_chest_ct
from training.phantoms.spine.phantom import make_spine_ct
from training.phantoms.spine.radiograph import make_lumbar_radiograph
from training.simulators.bone_muscle_ct import spine_scan
from training.simulators.spine_fracture_xr import lateral_view
from training.simulators.ssc_ild_mortality_ct import chest_scan

LONGEST_SIDE = 1280  # pixels of the longer side
_FIRST = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)

# The models that the demonstration runs
ADULTS, CHILDREN, SPINES = "cap_mortality_cxr", "pediatric_age_cxr", "spine_fracture_xr"
LUNGS, ABDOMENS = "ssc_ild_mortality_ct", "bone_muscle_ct"
# mm (z, y, x): some 100 and 70 slices, quick to draw and to send
LUNG_SPACING, ABDOMEN_SPACING = (3.0, 2.0, 2.0), (4.0, 2.0, 2.0)

Expected = Literal["screened", "not-evaluable", "ineligible", "not-indicated"]
Change = Callable[[Dataset], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A study on disk, and what must become of it."""

    label: str
    study_instance_uid: str
    paths: tuple[Path, ...]
    expected: Mapping[str, Expected]  #: by model; a model that is not named must find it ineligible

    def expected_of(self, model: str) -> Expected:
        """What this model must make of the study."""
        return self.expected.get(model, "ineligible")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """How one sample is made."""

    label: str
    draw: Callable[[], Phantom]
    adults: Expected = "ineligible"  #: what must become of it by the model for adults
    children: Expected = "ineligible"  #: and by the model for children
    spines: Expected = "ineligible"  #: and by the model for lumbar spines
    change: Change | None = None  #: what is done to the data set after it was written
    modality: Literal["DX", "CR"] = "DX"
    description: str = "Chest, pneumonia"
    part: BodyPart = CHEST
    with_lateral: bool = False
    knows_age: bool = field(default=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class _ScanPlan:
    """How one sample that is a CT is made; the model that is named screens it."""

    label: str
    model: str
    draw: Callable[[], CtScan]
    description: str


def write_samples(folder: Path, progress: Callable[[int, int], None]) -> list[Sample]:
    """Write every sample study below the folder; progress is called with (done, total)."""
    samples = []
    plans: tuple[_Plan | _ScanPlan, ...] = (*_PLANS, *_SCANS)
    for number, plan in enumerate(plans, start=1):
        below = folder / f"{number:02d}"
        made = _write_scan(below, number, plan) if isinstance(plan, _ScanPlan) else _write(below, number, plan)
        samples.append(made)
        progress(number, len(plans))
    return samples


def _study_uid(number: int) -> str:
    return str(generate_uid(prefix="2.25.", entropy_srcs=["opportune demo", str(number)]))


def _write_scan(folder: Path, number: int, plan: _ScanPlan) -> Sample:
    scan = plan.draw()
    acquired = _FIRST + timedelta(minutes=17 * number)
    born = birth_date_of(scan, acquired.date())
    write_ct(
        folder,
        scan,
        patient=PhantomPatient(patient_id=f"DEMO{number:04d}", name=f"Phantom^Demo {number}", birth_date=born),
        study_instance_uid=_study_uid(number),
        acquired=acquired,
        accession_number=f"DEMO{number:04d}",
        study_description=plan.description,
    )
    return Sample(
        label=plan.label, study_instance_uid=_study_uid(number), paths=tuple(sorted(folder.iterdir())),
        expected={plan.model: "screened"},
    )  # fmt: skip


def _write(folder: Path, number: int, plan: _Plan) -> Sample:
    folder.mkdir(parents=True)
    study_instance_uid = _study_uid(number)
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
            part=plan.part,
        )
        if plan.change is not None:
            plan.change(ds)
            ds.save_as(path, enforce_file_format=True)
        paths.append(path)
    expected: dict[str, Expected] = {ADULTS: plan.adults, CHILDREN: plan.children, SPINES: plan.spines}
    return Sample(label=plan.label, study_instance_uid=study_instance_uid, paths=tuple(paths), expected=expected)


def _adult(seed: int, age: float, view: Literal["PA", "AP"], *, healthy: bool = False) -> Callable[[], Phantom]:
    return lambda: make_phantom(seed, longest_side=LONGEST_SIDE, age=age, view=view, healthy=healthy)


def _child(seed: int, months: float, view: Literal["PA", "AP"]) -> Callable[[], Phantom]:
    return lambda: make_child(seed, longest_side=LONGEST_SIDE, months=months, view=view)


def _spine(seed: int) -> Callable[[], Phantom]:
    return lambda: lateral_view(make_lumbar_radiograph(seed, longest_side=LONGEST_SIDE))


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
    _Plan(label="adult, PA, little disease", adults="screened", draw=_adult(101, 44, "PA", healthy=True)),
    _Plan(label="adult, PA and lateral", adults="screened", draw=_adult(102, 63, "PA"), with_lateral=True),
    _Plan(label="old adult, AP at the bedside", adults="screened", draw=_adult(103, 88, "AP")),
    _Plan(
        label="MONOCHROME1, computed radiography",
        adults="screened",
        draw=_adult(104, 71, "PA"),
        change=_invert,
        modality="CR",
    ),
    _Plan(label="pixel spacing missing", adults="screened", draw=_adult(105, 57, "PA"), change=_without_spacing),
    _Plan(
        label="age unknown",
        adults="not-evaluable",
        children="not-evaluable",
        draw=_adult(106, 60, "PA"),
        knows_age=False,
    ),
    _Plan(label="plate not exposed", adults="not-evaluable", draw=_adult(107, 52, "PA"), change=_without_exposure),
    _Plan(label="upside down", adults="not-evaluable", draw=_adult(108, 66, "PA"), change=_upside_down),
    _Plan(
        label="lateral view only",
        draw=lambda: make_lateral(109, longest_side=LONGEST_SIDE, age=58),
    ),
    _Plan(label="child, PA", children="screened", draw=_child(110, 88, "PA"), description="Chest, cough"),
    _Plan(label="infant, lying", children="screened", draw=_child(112, 7, "AP"), description="Chest, fever"),
    _Plan(label="request for an age", draw=_child(113, 196, "PA"), description="Chest, age assessment"),
    _Plan(
        label="adult, no pneumonia known",
        adults="not-indicated",
        draw=_adult(111, 49, "PA"),
        description="Chest, preoperative",
    ),
    _Plan(
        label="lumbar spine, lateral",
        spines="screened",
        draw=_spine(205),
        description="Lumbar spine, lateral",
        part=LUMBAR_SPINE,
    ),
    _Plan(
        label="lumbar spine, upside down",
        spines="not-evaluable",
        draw=_spine(206),
        description="Lumbar spine, lateral",
        part=LUMBAR_SPINE,
        change=_upside_down,
    ),
)

_SCANS = (
    _ScanPlan(
        label="chest CT, systemic sclerosis",
        model=LUNGS,
        draw=lambda: chest_scan(make_chest_ct(9, spacing=LUNG_SPACING)),
        description="CT chest, interstitial lung disease in systemic sclerosis",
    ),
    _ScanPlan(
        label="abdominal CT",
        model=ABDOMENS,
        draw=lambda: spine_scan(make_spine_ct(15, spacing=ABDOMEN_SPACING)),
        description="CT abdomen, abdominal pain",
    ),
)
