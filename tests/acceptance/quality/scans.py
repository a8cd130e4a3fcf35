"""What can be wrong with a CT, and what each of the two models makes of it."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom import dcmread

from tests.acceptance.quality.defects import READ, UNREAD, Change, Defect, Files
from tests.acceptance.quality.pictures import tagged
from tests.acceptance.quality.volumes import (
    ball,
    columns,
    doubled,
    hollows,
    noisy,
    part,
    reformatted,
    shifted,
    slices,
    two_tubes,
    voxels,
    with_pacemaker,
    without,
)
from training.phantoms.ct_dicom import CtScan, write_ct
from training.phantoms.dicom import PhantomPatient, birth_date_of
from training.phantoms.lung.phantom import make_chest_ct
from training.phantoms.spine.phantom import make_spine_ct
from training.simulators.bone_muscle_ct import spine_scan
from training.simulators.ssc_ild_mortality_ct import chest_scan

CHEST, ABDOMEN = "ssc_ild_mortality_ct", "bone_muscle_ct"
MOMENT = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)


@cache
def _written(kind: str) -> tuple[bytes, ...]:
    """A phantom's slices; coarse ones, for speed."""
    if kind == "chest":
        scan = chest_scan(make_chest_ct(2, spacing=(3.0, 2.5, 2.5)))
    else:
        thin = kind == "thin abdomen"
        ct = make_spine_ct(15, spacing=(3.0 if thin else 4.0, 3.0, 3.0), phase="native")
        if kind == "metal":
            ct = make_spine_ct(15, spacing=(4.0, 3.0, 3.0), acquisition=replace(ct.acquisition, metal=True))
        if kind == "arterial":
            ct = make_spine_ct(15, spacing=(4.0, 3.0, 3.0), phase="arterial")
        scan = spine_scan(ct)
    return _files(scan)


def _files(scan: CtScan) -> tuple[bytes, ...]:
    patient = PhantomPatient(patient_id="SIM1", name="Phantom^One", birth_date=birth_date_of(scan, MOMENT.date()))
    with tempfile.TemporaryDirectory() as folder:
        write_ct(Path(folder), scan, patient=patient, study_instance_uid="2.25.79", acquired=MOMENT)
        return tuple(path.read_bytes() for path in sorted(Path(folder).iterdir()))


def phantom(kind: str) -> Files:
    """chest, abdomen, thin abdomen, metal or arterial."""
    return [dcmread(BytesIO(content)) for content in _written(kind)]


def clean(model: str) -> Files:
    """The study that is spoiled."""
    return phantom("chest" if model == CHEST else "abdomen")


def other(kind: str, then: Change = lambda files: files) -> Change:
    """Another phantom in its place."""
    return lambda _: then(phantom(kind))


BOTH: Mapping[str, tuple[Change, str]] = {
    "grey scale inverted": (voxels(lambda hu: 2047 - hu), "hounsfield-implausible"),
    "stored values without rescale": (tagged(RescaleIntercept="0"), "hounsfield-implausible"),
    "values a tenth of what they should be": (voxels(lambda hu: hu * np.float32(0.1)), "hounsfield-implausible"),
    "upside down (slices from head to feet)": (voxels(lambda hu: hu[::-1]), "head-to-feet"),
    "back to front": (voxels(lambda hu: hu[:, ::-1]), "back-to-front"),
    "turned by 180 degrees": (voxels(lambda hu: hu[:, ::-1, ::-1]), "back-to-front"),
    "turned by 90 degrees": (voxels(lambda hu: np.rot90(hu, 1, (1, 2))), "turned"),
    "mirrored from left to right": (voxels(lambda hu: hu[:, :, ::-1]), "mirrored"),
    "noise of 300 HU": (voxels(noisy), "image-noisy"),
    "a localizer alone": (
        lambda files: tagged(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])(files[:1]),
        "localizer",
    ),
    "coronal reformats": (reformatted(axial=False), "not-axial"),
    "a projection of maximum intensity": (tagged(ImageType=["DERIVED", "SECONDARY", "MIP"]), "processed-image"),
    "slices of 6 mm": (tagged(SliceThickness="6"), "slices-too-thick"),
    "four slices missing": (without(40, 4), "slices-uneven"),
    "slices doubled": (doubled(slice(20, 30)), "slices-doubled"),
    "gantry tilted, by the positions": (shifted(0.6), "broken-geometry"),
    "a head, by its header": (tagged(BodyPartExamined="HEAD"), "wrong-body-part"),
    "on the belly": (tagged(PatientPosition="HFP"), "not-supine"),
    "a child's age": (tagged(PatientBirthDate="20170101", PatientAge="009Y"), "not-adult"),
    "made by this node": (tagged(Manufacturer="Opportune"), UNREAD),
}
"""Changes and codes that both models share."""

CHESTS: Mapping[str, tuple[Change, str]] = {
    "coronal reformats that say they are axial": (reformatted(axial=True), "back-to-front"),
    "upper half alone": (part(0.55, 1), "too-few-slices"),
    "lower half alone": (part(0, 0.45), "too-few-slices"),
    "apices not covered": (part(0, 0.85), "lungs-cut-off"),
    "bases not covered": (part(0.2, 1), "lungs-cut-off"),
    "left side outside the field of view": (columns(0, 0.7), "lungs-cut-off"),
    "narrow field of view": (columns(0.25, 0.75), "no-lungs"),
    "one lung without air": (hollows(30, right=True), "one-lung"),
    "expiration, by the description": (tagged(SeriesDescription="Chest expiration"), "expiratory"),
    "hardly any air in the lungs": (hollows(-430, right=False), "not-inspired"),
    "an abdomen whose header says chest": (other("thin abdomen", tagged(BodyPartExamined="CHEST")), "no-lungs"),
    "a head whose header says chest": (voxels(ball), "turned"),
    "thighs whose header says chest": (voxels(two_tubes), "no-lungs"),
}
ABDOMENS: Mapping[str, tuple[Change, str]] = {
    "coronal reformats that say they are axial": (reformatted(axial=True), "back-to-front"),
    "upper half alone": (part(0.55, 1), "coverage-too-short"),
    "lower half alone": (part(0, 0.45), "coverage-too-short"),
    "every second slice": (slices(slice(None, None, 2)), "slices-too-thick"),
    "sacrum not covered": (part(0.4, 1), "no-spine"),
    "narrow field of view": (columns(0.2, 0.8), "field-of-view-narrow"),
    "a chest whose header says abdomen": (other("chest", tagged(BodyPartExamined="ABDOMEN")), "wrong-body-part"),
    "a head whose header says abdomen": (voxels(ball), "back-to-front"),
    "thighs whose header says abdomen": (voxels(two_tubes), "no-spine"),
}
REMARKED: tuple[Defect, ...] = (
    Defect(CHEST, "contrast medium, by the header", tagged(ContrastBolusAgent="Iodine"), READ, "With contrast medium"),
    Defect(CHEST, "a pacemaker", voxels(with_pacemaker), READ, "Metal in the body"),
    Defect(CHEST, "a sharp kernel", tagged(ConvolutionKernel="B70f"), READ, "sharp kernel"),
    Defect(ABDOMEN, "contrast medium, arterial phase", other("arterial"), READ, "Contrast medium, arterial phase"),
    Defect(ABDOMEN, "screws and rods in the spine", other("metal"), READ, "Metal at"),
    Defect(
        ABDOMEN,
        "an age that the risk does not hold for",
        tagged(PatientBirthDate="19860101", PatientAge="040Y"),
        READ,
        "The risk is withheld",
    ),
)

ROWS: tuple[Defect, ...] = tuple(
    row
    for model, own in ((CHEST, CHESTS), (ABDOMEN, ABDOMENS))
    for row in (
        *(Defect(model, name, change, code) for name, (change, code) in {**BOTH, **own}.items()),
        *(row for row in REMARKED if row.model == model),
    )
)
