"""The segmentation network judged on simulated CTs as scanners make them, against everything that is true."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from models.bone_muscle_ct.labelling import Segmentation, segment
from models.bone_muscle_ct.measurements import MEASURED, VALUE, Measurements, measure
from models.bone_muscle_ct.segmentation import MUSCLES, SegmentationNet
from training.cohorts.chest import SPLIT_SEEDS
from training.evaluation.interval import Interval
from training.evaluation.segmentation import dice, dice_by_class, mean_over_patients
from training.phantoms.spine.muscles import LABELS
from training.phantoms.spine.phantom import SpineCT, make_spine_ct

SPACINGS = ((2.0, 1.2, 1.2), (2.5, 1.2, 1.2), (3.0, 1.2, 1.2), (5.0, 1.2, 1.2))  # mm (z, y, x), by patient in turn
NAMED = (*MEASURED, "S1")
TRUNK = ("psoas", "erector_spinae", "multifidus", "quadratus")  # the muscles of the target; wall and other beside them
SAME = 15.0  # mm: a body found nearer to a true centre than this is that vertebra
OFFSET = 700_000  # seeds of the judged patients begin here in their split: no cohort is that large


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One patient: what was found and the figures (NaN where there is none)."""

    seed: int
    figures: dict[str, float]
    wrong: tuple[str, ...]  #: levels that were given another name
    missed: tuple[str, ...]  #: levels without a body
    doubtful: bool


def scanned(number: int, *, external: bool = True) -> SpineCT:
    """The CT of judged patient `number` as a scanner gives it."""
    split = "external" if external else "test"
    return make_spine_ct(
        SPLIT_SEEDS[split] + OFFSET + number, spacing=SPACINGS[number % len(SPACINGS)], external=external
    )


def levels_of(ct: SpineCT, found: Segmentation) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Levels of the truth (T11-L5) that were given another name, and those where nothing was found."""
    corner = np.asarray(ct.grid.origin) - np.asarray(ct.spacing) / 2
    wrong, missed = [], []
    for level, point in ct.truth.keypoints.items():
        at = np.asarray(point[::-1]) - corner
        near = min(found.levels, key=lambda body: float(np.linalg.norm(body.centre - at)), default=None)
        if near is None or np.linalg.norm(near.centre - at) > SAME:
            missed.append(level)
        elif near.level != level:
            wrong.append(level)
    return tuple(wrong), tuple(missed)


def compare(ct: SpineCT, found: Segmentation, measured: Measurements) -> Judged:
    """Masks, levels and measurements of one CT against its truth."""
    truth = ct.truth
    muscles = np.asarray(found.muscles)
    bones = dice_by_class(found.vertebrae, ct.vertebra_labels, {level: VALUE[level] for level in NAMED})
    flesh = dice_by_class(muscles, ct.muscle_labels, {name: LABELS[name] for name in MUSCLES})
    figures = {f"dice_{name}": value for name, value in (bones | flesh).items()}
    figures["dice_vertebrae"] = float(np.nanmean(list(bones.values())))
    figures["dice_muscles"] = float(np.nanmean([flesh[name] for name in TRUNK]))
    figures["dice_bone"] = dice(found.vertebrae > 0, ct.vertebra_labels > 0)
    figures["dice_muscle"] = dice(muscles > 0, ct.muscle_labels > 0)
    errors = {level: measured.hu(level) - truth.trabecular_hu[level] for level in MEASURED if level not in truth.metal}
    figures |= {f"hu_error_{level}": abs(errors.get(level, float("nan"))) for level in MEASURED}
    figures["hu_bias_L1"] = errors.get("L1", float("nan"))
    wrong, missed = levels_of(ct, found)
    figures["wrong_level"] = len(wrong) / len(truth.keypoints)
    figures["missed_level"] = len(missed) / len(truth.keypoints)
    figures["any_wrong_level"], figures["doubtful"] = float(bool(wrong)), float(found.doubtful)
    figures |= _muscle(measured, truth.muscle.area, truth.muscle.hu, truth.muscle.fat)
    return Judged(seed=ct.seed, figures=figures, wrong=wrong, missed=missed, doubtful=found.doubtful)


def _muscle(measured: Measurements, area: float, hu: float, fat: float) -> dict[str, float]:
    names = ("area_error_percent", "area_bias_percent", "muscle_hu_error", "muscle_hu_bias", "fat_error")
    if measured.muscle is None or not area:
        return dict.fromkeys(names, float("nan"))
    off = 100 * (measured.muscle.area / area - 1)
    shift = measured.muscle.hu - hu
    return dict(zip(names, (abs(off), off, abs(shift), shift, abs(measured.muscle.fat - fat)), strict=True))


def judge(
    net: SegmentationNet, count: int, *, external: bool = True, device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> list[Judged]:  # fmt: skip
    """Figures of `count` patients whom no training has seen; external: of the other hospital."""
    net = net.eval().to(torch.device(device))
    out = []
    for number in range(count):
        ct = scanned(number, external=external)
        found = segment(net, ct.hu, ct.spacing, device=device)
        out.append(compare(ct, found, measure(ct.hu, found)))
        if progress is not None:
            progress(number + 1, count)
    return out


def summary(judged: Sequence[Judged]) -> dict[str, Interval]:
    """Means over patients with 95 % bootstrap intervals."""
    return mean_over_patients([row.figures for row in judged])
