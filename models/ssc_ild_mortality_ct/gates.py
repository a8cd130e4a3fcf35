"""What speaks against reading a chest CT, told from its geometry and its densities, whatever its header says.

Limits are assumptions unless they say otherwise. They were tried on phantoms and on one real chest; they shall stop
what is no chest in inspiration, not judge quality.
"""

import numpy as np

from models.ct_body import noise_of, trunk
from models.ct_pose import check_sides, outline_of
from models.ct_stack import AXIAL_COSINE
from models.ssc_ild_mortality_ct.preprocess import Lungs
from models.ssc_ild_mortality_ct.selection import SHORTEST, THICKEST
from screening.findings import NotEvaluable
from screening.images import Volume

ROUNDED = 0.01  # mm: positions are rounded
DARKEST = -700.0  # HU that the darkest percent of a scan must reach: it is air
SOFT = (-200.0, 200.0)  # HU between which the median of what is no air lies: fat, muscle, blood
SOLID = -300.0  # HU above which a voxel is no air
END_SHARE = 0.1  # of the largest cross-section of the lungs: with more on the first or last slice they go on beyond it
EDGE_SHARE = 0.002  # of the lungs on the edge of the field of view
LUNG = (-950.0, -500.0)  # HU of lung, not of the air around a patient
CUT_CM2 = 5.0
"""Of lung on an edge of the field of view, between what is body there: 0 on 40 phantoms and one real chest; with 28 %
of the width cut off 39 and more on those, 116 and 203 on that."""
SECOND_SHARE = 0.12  # of both lungs, on the lesser side of the body's middle
VOLUME_ML = (800.0, 10_000.0)  # of both lungs; total capacity of adults is below 10 l
EXPIRED_HU = -450.0  # mean of lungs above it: hardly any air in them; with 70 % fibrosis it is about -560
NOISIEST = 60.0
"""HU, SD, see `noise_of`. With 40 HU added to a phantom the risks stayed; with 80 they doubled. 40 phantoms
have 5 to 19, a real chest 23."""

MIDLINE = 30.0  # mm on either side of the body's middle in which the windpipe is looked for
WINDPIPE = -850.0  # HU below which it is gas, partial volume counted in
LEAST_GAS_ML = 10.0  # of gas that make a windpipe: 30 to 102 ml on 8 phantoms, 57 ml on one real chest
GAS_RATIO = 2.0  # of gas between the lower and the upper lungs: upside down; upright it was 0.24 or less on 40 phantoms


def check_scan(volume: Volume) -> NotEvaluable | None:
    """Slices: how thick, how many, which way; whether values can be Hounsfield units."""
    dz, covered = volume.spacing[0], volume.spacing[0] * len(volume.hu)
    uid = volume.sop_instance_uids[0]
    if covered < SHORTEST:
        return NotEvaluable(
            code="coverage-too-short",
            reason=f"the slices cover {covered:.0f} mm; {SHORTEST:.0f} mm or more is needed",
            sop_instance_uid=uid,
        )
    if dz > THICKEST + ROUNDED:
        return NotEvaluable(
            code="slices-too-thick",
            reason=f"a slice every {dz:.1f} mm; {THICKEST:g} mm or less is needed",
            sop_instance_uid=uid,
        )
    directions = volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)
    if (np.diag(directions) < AXIAL_COSINE).any():
        return NotEvaluable(
            code="not-axial",
            reason="slices must be axial with rows to the patient's left and columns to the back",
            sop_instance_uid=uid,
        )
    return _check_values(volume) or _check_noise(volume) or _check_pose(volume)


def _check_values(volume: Volume) -> NotEvaluable | None:
    some = volume.hu[::4, ::4, ::4]  # enough for a percentile
    dark, solid = float(np.percentile(some, 1)), some[some > SOLID]
    middle = float(np.median(solid)) if solid.size else np.inf
    if dark <= DARKEST and SOFT[0] <= middle <= SOFT[1]:
        return None
    return NotEvaluable(
        code="hounsfield-implausible",
        reason=f"values do not look like Hounsfield units: the darkest percent reaches {dark:.0f}, not air",
        sop_instance_uid=volume.sop_instance_uids[0],
    )


def _check_noise(volume: Volume) -> NotEvaluable | None:
    noise = noise_of(volume)
    if not noise > NOISIEST:
        return None
    return NotEvaluable(
        code="image-noisy",
        reason=f"noise of {noise:.0f} HU in soft tissue; {NOISIEST:.0f} HU or less is needed",
        sop_instance_uid=volume.sop_instance_uids[0],
    )


def _check_pose(volume: Volume) -> NotEvaluable | None:
    """The spine lies behind the body's middle; the body is wider than deep; the liver lies on the right."""
    pose = outline_of(volume).pose
    objection = (None if pose is None else pose.objection) or check_sides(volume)
    if objection is None:
        return None
    code, reason = objection
    return NotEvaluable(code=code, reason=reason, sop_instance_uid=volume.sop_instance_uids[len(volume.hu) // 2])


def check_lungs(volume: Volume, lungs: Lungs) -> NotEvaluable | None:
    """Whether both lungs are there, whole, of a plausible size, full of air and upright."""
    uid = volume.sop_instance_uids[len(volume.hu) // 2]
    found = _cut_off(lungs) or _one_lung(lungs) or _size(lungs) or _upright(lungs)
    return None if found is None else NotEvaluable(code=found.code, reason=found.reason, sop_instance_uid=uid)


def volume_ml(lungs: Lungs) -> float:
    """Volume of both lungs with their vessels, ml."""
    return float(lungs.mask.sum()) * float(np.prod(lungs.spacing)) / 1000


def middle_column(lungs: Lungs) -> float:
    """Column of the coarse grid on which the middle of the body lies, over the lungs' height."""
    rows = np.flatnonzero(lungs.mask.any((1, 2)))
    solid = lungs.hu[rows[0] : rows[-1] + 1] > SOLID
    columns = solid.sum((0, 1))
    return float((np.arange(columns.size) * columns).sum() / max(1, columns.sum()))


def _cut_off(lungs: Lungs) -> NotEvaluable | None:
    area = lungs.mask.sum((1, 2))
    for end, where in ((0, "first"), (-1, "last")):
        if area[end] > END_SHARE * area.max():
            return NotEvaluable(
                code="lungs-cut-off", reason=f"the lungs go on beyond the {where} slice: they are not covered whole"
            )
    inner = lungs.mask[:, 1:-1, 1:-1].sum()
    if area.sum() - inner > EDGE_SHARE * area.sum() or _on_edge(lungs) > CUT_CM2:
        return NotEvaluable(code="lungs-cut-off", reason="the lungs go on beyond the edge of the field of view")
    return None


def _on_edge(lungs: Lungs) -> float:
    """cm2 of lung on the edges of the field of view: such a hollow is open, and no part of the mask.

    It lies between pieces of the body on the same edge; pads and air around a patient do not.
    """
    body, (dz, dy, dx), found = trunk(lungs.hu), lungs.spacing, 0.0
    for edge, step in ((np.s_[:, :, 0], dy), (np.s_[:, :, -1], dy), (np.s_[:, 0], dx), (np.s_[:, -1], dx)):
        solid, seen = body[edge], lungs.hu[edge]
        after, before = (np.maximum.accumulate(solid[:, ::way], 1)[:, ::way] for way in (1, -1))
        lung = after & before & ~solid & (seen > LUNG[0]) & (seen < LUNG[1])
        found += float(lung.sum()) * dz * step / 100
    return found


def _one_lung(lungs: Lungs) -> NotEvaluable | None:
    middle = round(middle_column(lungs))
    share = float(lungs.mask[:, :, :middle].sum() / lungs.mask.sum())
    if SECOND_SHARE <= share <= 1 - SECOND_SHARE:
        return None
    side = "right" if share < SECOND_SHARE else "left"
    return NotEvaluable(code="one-lung", reason=f"no lung with air in it was found on the patient's {side}")


def _size(lungs: Lungs) -> NotEvaluable | None:
    ml, mean = volume_ml(lungs), float(lungs.hu[lungs.mask].mean())
    if not VOLUME_ML[0] <= ml <= VOLUME_ML[1]:
        return NotEvaluable(
            code="lung-volume-implausible",
            reason=f"what looks like lungs has {ml:.0f} ml; {VOLUME_ML[0]:.0f} to {VOLUME_ML[1]:.0f} ml is plausible",
        )
    if mean > EXPIRED_HU:
        return NotEvaluable(
            code="not-inspired",
            reason=f"the lungs' mean is {mean:.0f} HU: hardly any air is in them; a scan in inspiration is needed",
        )
    return None


def _upright(lungs: Lungs) -> NotEvaluable | None:
    """The windpipe lies between the upper thirds of the lungs; hardly any gas between the lower."""
    heights, rows = np.flatnonzero(lungs.mask.any((1, 2))), np.flatnonzero(lungs.mask.any((0, 2)))
    reach, middle = int(MIDLINE / lungs.spacing[2]), int(middle_column(lungs))
    between = np.s_[heights[0] : heights[-1] + 1, rows[0] : rows[-1] + 1, max(0, middle - reach) : middle + reach]
    gas = ((lungs.hu[between] < WINDPIPE) & ~lungs.mask[between]).sum((1, 2)) * float(np.prod(lungs.spacing)) / 1000
    third = len(gas) // 3
    low, high = float(gas[:third].sum()), float(gas[-third:].sum()) if third else 0.0
    if low < LEAST_GAS_ML or low < GAS_RATIO * high:
        return None
    return NotEvaluable(
        code="head-to-feet",
        reason=f"{low:.0f} ml of gas between the lower lungs, {high:.0f} ml between the upper: slices run downwards",
    )
