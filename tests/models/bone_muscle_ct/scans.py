"""A phantom as the pipeline has it, its segmentation without faults, and made-up figures of the networks."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from models.bone_muscle_ct.labelling import Segmentation
from models.bone_muscle_ct.layout import LEVELS, SLICES
from models.bone_muscle_ct.places import Scan
from models.bone_muscle_ct.prepare import prepare_segmented
from models.bone_muscle_ct.reader import Readings
from screening.header import Header, JsonValue
from screening.images import Volume
from tests.models.bone_muscle_ct.truth import true_segmentation
from training.cohorts.bone_muscle_whole import affine_of
from training.phantoms.spine.phantom import SpineCT


def volume_of(ct: SpineCT, **header: JsonValue) -> Volume:
    """The phantom's voxels, slice k named 1.2.<k + 1>."""
    return Volume(
        hu=np.ascontiguousarray(ct.hu, np.float32), spacing=ct.spacing, affine=affine_of(ct.grid),
        sop_instance_uids=tuple(f"1.2.{k + 1}" for k in range(len(ct.hu))), header=Header(header),
    )  # fmt: skip


def segmented(ct: SpineCT) -> Segmentation:
    """The truth; bodies are what lies around the spongiosa, without arches."""
    grown = ndimage.binary_dilation(ct.roi > 0, iterations=round(8 / min(ct.spacing)))
    bodies = grown & (ct.vertebra_labels > 0) & (ct.vertebra_labels < 26)
    return replace(true_segmentation(ct), bodies=bodies)


def scan_of(ct: SpineCT, found: Segmentation | None = None) -> Scan:
    """The phantom, prepared."""
    volume = volume_of(ct)
    prepared = prepare_segmented(volume.hu, volume.affine, found or segmented(ct), size=48, pixel=4.0)
    return Scan(volume=volume, prepared=prepared)


def readings(*, fracture: float = 0.02, levels: tuple[float, ...] = (0.01, 0.02, 0.03, 0.01, 0.02, 0.01)) -> Readings:
    """Of one person."""
    assert len(levels) == len(LEVELS)
    return Readings(
        risks=np.array([[0.02, 0.041234, 0.06, 0.08, 0.1]]), bone_risks=np.array([[0.02, 0.04, 0.06, 0.08, 0.1]]),
        fracture=np.array([fracture]), levels=np.array([levels]), attention=np.full((1, SLICES), 1 / SLICES),
        distance=np.array([0.5]),
    )  # fmt: skip
