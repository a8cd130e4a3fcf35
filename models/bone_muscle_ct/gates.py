"""What speaks against reading an abdominal CT, told from its geometry and its densities, whatever its header says.

Limits are assumptions unless they say otherwise. They shall stop what is no upright lumbar spine whose levels can be
counted; quality is remarked on (`quality.py`), not judged.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from models.bone_muscle_ct.labelling import Segmentation
from models.bone_muscle_ct.layout import NEEDED
from models.bone_muscle_ct.sections import Piece
from models.bone_muscle_ct.segmentation import HU, VERTEBRA_LABELS, Mask
from models.bone_muscle_ct.selection import NARROWEST, SHORTEST, THICKEST
from models.ct_body import SKIN, Triple, noise_of
from models.ct_pose import check_sides, outline_of
from models.ct_stack import AXIAL_COSINE
from screening.findings import NotEvaluable
from screening.images import Volume

Floats = npt.NDArray[np.float64]
ROUNDED = 0.01  # mm: positions are rounded
DARKEST = -700.0  # HU that the darkest percent of a scan must reach: it is air
SOFT = (-150.0, 150.0)  # HU between which the median of what is no air lies: fat, muscle, organs, enhanced too
BONE = 250.0  # HU
LEAST_BONE_ML = 100.0  # a lumbar spine has 300 and more
ASIDE = 50.0  # mm from the body's middle: bone beyond it is rib or pelvis
LUNG = (-930.0, -600.0)  # HU of the mean over a coarse voxel; gas of the bowel is darker
WALL = 12.0  # mm: narrower than this are the rims of gas that a coarse voxel mixes
LUNG_ML = 100.0  # of lung from which on its height counts in full
CHEST_CM2 = 20.0
"""Of lung on a slice of both the lower and the upper third: a chest. In the lower third 24 phantoms of the abdomen had
0 to 1.4 cm2, 24 of the chest 25 to 291, a real chest 114."""
UPSIDE_DOWN = 0.0
"""Height of lung less that of ribs and pelvis, of half the scan's length (its middle is 0): on 80 phantoms 0.33 to
1.36, upside down -1.36 to -0.33."""
NOISIEST = 60.0
"""HU, SD, see `noise_of`. With 40 HU added to a phantom the answer stayed; with 80 a fracture was seen where there was
none, and L1 read wrong. 80 phantoms have 4 to 18, three real scans 8, 17 and 23."""


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
    return _check_values(volume) or _check_noise(volume) or _check_body(volume)


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


def _check_noise(volume: Volume) -> NotEvaluable | None:
    noise = noise_of(volume)
    if not noise > NOISIEST:
        return None
    return _refused(
        volume, "image-noisy", f"noise of {noise:.0f} HU in soft tissue; {NOISIEST:.0f} HU or less is needed"
    )


def _check_body(volume: Volume) -> NotEvaluable | None:
    """Bone is shown; the spine lies behind the body's middle; no chest; lung above, pelvis below; liver right."""
    outline = outline_of(volume)
    hu, spacing, whole = outline.hu, outline.spacing, outline.whole
    bone = float(((hu > BONE) & outline.body).sum() * np.prod(spacing)) / 1000
    if bone < LEAST_BONE_ML:
        return _refused(volume, "no-spine", f"{bone:.0f} ml of bone: no lumbar spine is shown")
    objection = None if outline.pose is None else outline.pose.objection
    if objection is not None:
        return _refused(volume, *objection)
    lung = _lung(hu, whole, spacing)
    third = len(lung) // 3
    if third and min(lung[:third].max(), lung[-third:].max()) > CHEST_CM2:
        return _refused(volume, "wrong-body-part", "lung is shown from end to end: a chest; an abdominal CT is needed")
    if upright(hu, whole, spacing) < UPSIDE_DOWN:
        return _refused(
            volume, "head-to-feet", "lung lies at the lower end, or the pelvis at the upper: slices run downwards"
        )
    objection = check_sides(volume)
    return None if objection is None else _refused(volume, *objection)


def upright(hu: HU, body: Mask, spacing: Triple) -> float:
    """Height of lung less that of ribs and pelvis, each in -1..1 of half the scan's length: above 0 with head up.

    The little air of a scan without lung counts little.
    """
    columns, across = np.arange(hu.shape[2]) * spacing[2], body.sum((0, 1))
    aside = np.abs(columns - float((columns * across).sum() / across.sum())) > ASIDE
    bone = ((hu > BONE) & body & aside).sum((1, 2)).astype(np.float64)
    lung = _lung(hu, body, spacing)
    full = min(1.0, float(lung.sum()) * spacing[0] / 10 / LUNG_ML)
    return full * _mean_height(lung) - _mean_height(bone)


def _lung(hu: HU, body: Mask, spacing: Triple) -> Floats:
    """(Z,) cm2 of lung on each slice."""
    width = [max(1, round(WALL / s)) for s in spacing[1:]]
    air = ndimage.binary_opening((hu > LUNG[0]) & (hu < LUNG[1]) & body, np.ones((1, *width)))
    return np.asarray(air.sum((1, 2)) * spacing[1] * spacing[2] / 100, np.float64)


def _mean_height(amounts: Floats) -> float:
    heights = np.linspace(-1, 1, len(amounts))
    return float((heights * amounts).sum() / max(1e-9, float(amounts.sum())))


def check_levels(volume: Volume, found: Segmentation) -> NotEvaluable | None:
    """Whether there is a lumbar spine, upright, whose levels can be counted and that shows L1-L4."""
    if not found.levels and not found.bodies.any():
        return _refused(volume, "no-spine", "no vertebral body was found: no lumbar spine is shown, or upside down")
    if found.doubtful:
        return _refused(
            volume,
            "levels-doubtful",
            "the vertebrae cannot be counted with confidence: the sacrum is not shown, or between the bodies there is a"
            " gap (a fusion, a transitional vertebra, a body that was missed); no level is named and nothing measured",
        )
    if _height(_sacrum(found)) > _height(found.body_mask(value) for value in found.boxes):
        return _refused(
            volume, "head-to-feet", "what looks like the sacrum lies above the vertebrae: slices run downwards"
        )
    missing = [level for level in NEEDED if found.body(level) is None]
    if missing:
        return _refused(
            volume, "levels-not-found", f"{', '.join(NEEDED)} must be shown; not found: {', '.join(missing)}"
        )
    return None


def _sacrum(found: Segmentation) -> Iterator[Piece]:
    box = found.boxes.get(VERTEBRA_LABELS[-1])
    if box is not None:
        yield Piece(box=box, mask=found.vertebrae[box] == VERTEBRA_LABELS[-1])


def _height(pieces: Iterable[Piece | None]) -> float:
    """Mean slice of what lies in the pieces, NaN where that is nothing."""
    total = voxels = 0
    for piece in pieces:
        if piece is not None:
            counts = piece.mask.sum((1, 2))
            total += int(((np.arange(len(counts)) + piece.box[0].start) * counts).sum())
            voxels += int(counts.sum())
    return total / voxels if voxels else float("nan")


def _refused(volume: Volume, code: str, reason: str) -> NotEvaluable:
    return NotEvaluable(code=code, reason=reason, sop_instance_uid=volume.sop_instance_uids[len(volume.hu) // 2])
