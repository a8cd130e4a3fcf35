"""Whole CTs through the segmentation: what finding the slices costs against knowing where they lie."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.bone_muscle_ct.prepare import Affine, prepare_upright
from models.bone_muscle_ct.segmentation import SegmentationNet
from training.cohorts.bone_muscle_data import BoneMuscleCohort, Indices, pack
from training.phantoms.spine.acquisition import draw_acquisition
from training.phantoms.spine.grid import Grid
from training.phantoms.spine.phantom import SpineCT, make_spine_ct


@dataclass(frozen=True, kw_only=True)
class Segmented:
    """Simulated people whose slices and masks come from their whole CT."""

    cohort: BoneMuscleCohort
    rows: Indices  #: of the cohort that was asked for
    refused: int  #: people whose L1-L4 were not found


def affine_of(grid: Grid) -> Affine:
    """Voxel (x, y, z) to world (x, y, z), mm."""
    affine = np.diag([*grid.spacing[::-1], 1.0])
    affine[:3, 3] = grid.origin[::-1]
    return affine


def whole_ct(seed: int, *, external: bool, spacing: tuple[float, float, float] = (2.0, 2.0, 2.0)) -> SpineCT:
    """The CT of a person whose slices `simulate` gives: without metal."""
    scan = draw_acquisition(np.random.default_rng([seed, 34]), external=external)
    return make_spine_ct(seed, spacing=spacing, external=external, acquisition=replace(scan, metal=False))


def through_segmentation(
    cohort: BoneMuscleCohort, net: SegmentationNet, *, size: int, pixel: float, external: bool, device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> Segmented:  # fmt: skip
    """The same simulated people, their slices cut from whole CTs where the segmentation finds the levels."""
    pictures, masks, present = [], [], []
    rows: list[int] = []
    for k, name in enumerate(cohort.patients):
        ct = whole_ct(int(name), external=external)
        try:
            found = prepare_upright(ct.hu, affine_of(ct.grid), net, size=size, pixel=pixel, device=device).stack
        except ValueError:
            found = None
        if found is not None:
            rows.append(k)
            pictures.append(found.pictures)
            masks.append(pack(found))
            present.append(found.present)
        if progress is not None:
            progress(k + 1, len(cohort))
    kept = np.asarray(rows, np.int64)
    shown = cohort.take(kept)
    if rows:
        shown = replace(shown, pictures=np.stack(pictures), masks=np.stack(masks), present=np.stack(present))
    return Segmented(cohort=shown, rows=kept, refused=len(cohort) - len(rows))
