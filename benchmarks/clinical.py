"""Simulated studies of the size that a hospital sends: radiographs of 5 megapixels, CTs of 300 slices of 512 x 512."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import torch
from torch.nn import functional

from benchmarks.soak_traffic import Templates
from training.phantoms.chest.phantom import make_phantom
from training.phantoms.child.phantom import make_child
from training.phantoms.ct_dicom import CtScan, write_ct
from training.phantoms.dicom import CHEST, LUMBAR_SPINE, Phantom, PhantomPatient, birth_date_of, write_radiograph
from training.phantoms.lung.phantom import make_chest_ct
from training.phantoms.spine.phantom import make_spine_ct
from training.phantoms.spine.radiograph import make_lumbar_radiograph
from training.simulators import bone_muscle_ct, ssc_ild_mortality_ct
from training.simulators.spine_fracture_xr import lateral_view

RADIOGRAPHS: Mapping[str, Callable[[int], Phantom]] = {
    "cap_mortality_cxr": lambda side: make_phantom(7, longest_side=side),
    "pediatric_age_cxr": lambda side: make_child(3, longest_side=side),
    "spine_fracture_xr": lambda side: lateral_view(make_lumbar_radiograph(5, longest_side=side)),
}
"""One that its model reads, by the model; side: pixels of the longer side."""

SCANS: Mapping[str, Callable[[], CtScan]] = {
    "ssc_ild_mortality_ct": lambda: ssc_ild_mortality_ct.chest_scan(
        make_chest_ct(2, spacing=ssc_ild_mortality_ct.SPACING)
    ),
    "bone_muscle_ct": lambda: bone_muscle_ct.spine_scan(make_spine_ct(2, spacing=bone_muscle_ct.SPACING)),
}

_ACQUIRED = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)


@dataclass
class ClinicalStudies(Templates):
    """One study of each kind, drawn once; `copy` makes a new patient's of it."""

    longest_side: int = 2500  #: pixels of a radiograph
    slices: int = 300  #: of a CT
    side: int = 512  #: pixels of a slice
    scans: bool = True  #: whether there are CTs

    def __post_init__(self) -> None:
        for number, (name, draw) in enumerate(RADIOGRAPHS.items()):
            phantom, folder = draw(self.longest_side), self.folder / name
            folder.mkdir(parents=True)
            write_radiograph(
                folder / "1.dcm", phantom, patient=_patient(phantom), study_instance_uid=f"2.25.{number + 1}",
                acquired=_ACQUIRED, part=LUMBAR_SPINE if name == "spine_fracture_xr" else CHEST,
            )  # fmt: skip
        for number, (name, scan) in enumerate(SCANS.items() if self.scans else ()):
            large = enlarged(scan(), self.slices, self.side)
            write_ct(
                self.folder / name, large, patient=_patient(large), study_instance_uid=f"2.25.{number + 11}",
                acquired=_ACQUIRED, study_description="CT",
            )  # fmt: skip
        self._files = {name: sorted((self.folder / name).glob("*.dcm")) for name in (*RADIOGRAPHS, *SCANS)}


def _patient(subject: Phantom | CtScan) -> PhantomPatient:
    return PhantomPatient(patient_id="BENCH", name="Phantom^Bench", birth_date=birth_date_of(subject, _ACQUIRED.date()))


def enlarged(scan: CtScan, slices: int, side: int) -> CtScan:
    """The scan in a square field of view, interpolated to so many slices of side x side pixels."""
    _, rows, columns = scan.hu.shape
    widest = max(rows, columns)
    above, left = (widest - rows) // 2, (widest - columns) // 2
    room = ((0, 0), (above, widest - rows - above), (left, widest - columns - left))
    hu = torch.from_numpy(np.pad(scan.hu, room, constant_values=-1024).astype(np.float32))[None, None]
    large = functional.interpolate(hu, size=(slices, side, side), mode="trilinear")[0, 0].numpy()
    spacing = tuple(s * n / m for s, n, m in zip(scan.spacing, hu.shape[2:], large.shape, strict=True))
    # centres of the first voxels: their corners lie where the padding begins
    z, y, x = (
        o - s * (0.5 + pad) + new / 2
        for o, s, pad, new in zip(scan.origin, scan.spacing, (0, above, left), spacing, strict=True)
    )
    return replace(scan, hu=np.round(large), spacing=(spacing[0], spacing[1], spacing[2]), origin=(z, y, x))
