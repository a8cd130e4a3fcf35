"""What speaks against reading an abdominal CT, told from its geometry and its densities, whatever its header says.

Limits are assumptions unless they say otherwise. They shall stop what is no upright lumbar spine whose levels can be
counted; quality is remarked on (`quality.py`), not judged.
"""

import numpy as np
from scipy import ndimage

from models.bone_muscle_ct.labelling import Segmentation
from models.bone_muscle_ct.layout import NEEDED
from models.bone_muscle_ct.segmentation import HU, VERTEBRA_LABELS, Mask
from models.bone_muscle_ct.selection import NARROWEST, SHORTEST, THICKEST
from models.ct_stack import AXIAL_COSINE
from screening.findings import NotEvaluable
from screening.images import Volume

ROUNDED = 0.01  # mm: positions are rounded
DARKEST = -700.0  # HU that the darkest percent of a scan must reach: it is air
SOFT = (-150.0, 150.0)  # HU between which the median of what is no air lies: fat, muscle, organs, enhanced too
SKIN = -300.0  # HU above which a voxel is no air
BONE = 250.0  # HU
LEAST_BONE_ML = 100.0  # a lumbar spine has 300 and more
IN_FRONT = -0.05  # of the body's depth: bone that lies further before the body's middle than this: back is front
COARSE = 4.0  # mm: what the body's outline is looked at in


def check_scan(volume: Volume) -> NotEvaluable | None:
    """Slices: how thick, how many, how wide, which way; whether values can be Hounsfield units; back and front."""
    (dz, _, dx), (slices, _, columns) = volume.spacing, volume.hu.shape
    if dz * slices < SHORTEST:
        return _refused(
            volume, "coverage-too-short", f"the slices cover {dz * slices:.0f} mm; {SHORTEST:.0f} mm or more is needed"
        )
    if dz > THICKEST + ROUNDED:
        return _refused(volume, "slices-too-thick", f"a slice every {dz:.1f} mm; {THICKEST:g} mm or less is needed")
    if dx * columns < NARROWEST:
        return _refused(
            volume,
            "field-of-view-narrow",
            f"the field of view is {dx * columns:.0f} mm wide; {NARROWEST:.0f} mm or more is needed",
        )
    directions = volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)
    if (np.diag(directions) < AXIAL_COSINE).any():
        return _refused(
            volume, "not-axial", "slices must be axial with rows to the patient's left and columns to the back"
        )
    return _check_values(volume) or _check_front(volume)


def _check_values(volume: Volume) -> NotEvaluable | None:
    some = volume.hu[::4, ::4, ::4]  # enough for a percentile
    dark, solid = float(np.percentile(some, 1)), some[some > SKIN]
    middle = float(np.median(solid)) if solid.size else np.inf
    if dark <= DARKEST and SOFT[0] <= middle <= SOFT[1]:
        return None
    return _refused(
        volume,
        "hounsfield-implausible",
        f"values do not look like Hounsfield units: the darkest percent reaches {dark:.0f} HU, the median of what is"
        f" no air is {middle:.0f} HU",
    )


def _check_front(volume: Volume) -> NotEvaluable | None:
    """Spine and pelvis lie behind the body's middle."""
    thin = [max(1, int(COARSE / s)) for s in volume.spacing]
    hu = volume.hu[:: thin[0], :: thin[1], :: thin[2]]
    cell = float(np.prod([s * t for s, t in zip(volume.spacing, thin, strict=True)])) / 1000
    body = trunk(hu)
    bone = (hu > BONE) & body
    if bone.sum() * cell < LEAST_BONE_ML:
        return _refused(volume, "no-spine", f"{bone.sum() * cell:.0f} ml of bone: no lumbar spine is shown")
    rows = np.arange(hu.shape[1])
    depth = float(np.ptp(np.flatnonzero(body.any((0, 2))))) + 1
    middles = [float((rows * mask.sum((0, 2))).sum() / mask.sum()) for mask in (bone, body)]
    if (middles[0] - middles[1]) / depth >= IN_FRONT:
        return None
    return _refused(
        volume, "back-to-front", "the bones lie before the body's middle: the slices are turned over or mirrored"
    )


def trunk(hu: HU) -> Mask:
    """(Z, Y, X) the patient without table and arms: the largest piece of each slice that is no air."""
    out = np.zeros(hu.shape, np.bool_)
    for k, section in enumerate(hu):
        parts, count = ndimage.label(ndimage.binary_opening(section > SKIN, iterations=1))
        if count:
            out[k] = parts == 1 + int(np.bincount(parts.ravel())[1:].argmax())
    return out


def check_levels(volume: Volume, found: Segmentation) -> NotEvaluable | None:
    """Whether there is a lumbar spine, upright, whose levels can be counted and that shows L1-L4."""
    sacrum = found.vertebrae == VERTEBRA_LABELS[-1]
    if not found.levels and not found.bodies.any():
        return _refused(volume, "no-spine", "no vertebral body was found: no lumbar spine is shown, or upside down")
    if found.doubtful:
        return _refused(
            volume,
            "levels-doubtful",
            "the vertebrae cannot be counted with confidence: the sacrum is not shown, or between the bodies there is a"
            " gap (a fusion, a transitional vertebra, a body that was missed); no level is named and nothing measured",
        )
    if sacrum.any() and found.bodies.any() and _height(sacrum) > _height(found.bodies):
        return _refused(
            volume, "head-to-feet", "what looks like the sacrum lies above the vertebrae: slices run downwards"
        )
    missing = [level for level in NEEDED if found.body(level) is None]
    if missing:
        return _refused(
            volume, "levels-not-found", f"{', '.join(NEEDED)} must be shown; not found: {', '.join(missing)}"
        )
    return None


def _height(mask: Mask) -> float:
    counts = mask.sum((1, 2))
    return float((np.arange(len(counts)) * counts).sum() / counts.sum())


def _refused(volume: Volume, code: str, reason: str) -> NotEvaluable:
    return NotEvaluable(code=code, reason=reason, sop_instance_uid=volume.sop_instance_uids[len(volume.hu) // 2])
