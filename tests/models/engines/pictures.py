"""A simulated image for each shipped model, which it screens, and the patient."""

from collections.abc import Callable, Mapping

import numpy as np

from screening.header import Header
from screening.images import Image, Radiograph, Volume
from screening.types import Patient
from tests.models.bone_muscle_ct.scans import volume_of
from training.phantoms.chest.phantom import make_phantom
from training.phantoms.child.phantom import make_child
from training.phantoms.lung.phantom import make_chest_ct
from training.phantoms.spine.phantom import make_spine_ct
from training.phantoms.spine.radiograph import make_lumbar_radiograph


def _radiograph(pixels: np.ndarray, spacing: tuple[float, float] | None = None) -> Radiograph:
    values = np.ascontiguousarray(pixels, np.float32)
    return Radiograph(pixels=values, spacing=spacing, sop_instance_uid="1.2.3", header=Header({}))


def _adult() -> tuple[Image, Patient]:
    return _radiograph(make_phantom(11, longest_side=400).pixels), Patient(age_years=67.0, sex="M")


def _child() -> tuple[Image, Patient]:
    child = make_child(1004, longest_side=400)
    return _radiograph(child.pixels, child.spacing), Patient(age_years=10.0, sex="M")


def _spine() -> tuple[Image, Patient]:
    film = make_lumbar_radiograph(205, longest_side=512)
    return _radiograph(film.pixels, film.spacing), Patient(age_years=64.0, sex="F")


def _lungs() -> tuple[Image, Patient]:
    ct = make_chest_ct(2, spacing=(3.0, 2.0, 2.0))
    hu = np.array(ct.hu, np.float32)
    uids = tuple(f"1.2.{k + 1}" for k in range(len(hu)))
    affine = np.diag([ct.spacing[2], ct.spacing[1], ct.spacing[0], 1.0])
    volume = Volume(hu=hu, spacing=ct.spacing, affine=affine, sop_instance_uids=uids, header=Header({}))
    return volume, Patient(age_years=61.0, sex="F")


def _abdomen() -> tuple[Image, Patient]:
    return volume_of(make_spine_ct(15, spacing=(4.0, 2.0, 2.0)), KVP="120"), Patient(age_years=65.0, sex="F")


PICTURES: Mapping[str, Callable[[], tuple[Image, Patient]]] = {
    "bone_muscle_ct": _abdomen,
    "cap_mortality_cxr": _adult,
    "pediatric_age_cxr": _child,
    "spine_fracture_xr": _spine,
    "ssc_ild_mortality_ct": _lungs,
}
