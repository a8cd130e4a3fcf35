"""From each voxel's likeliest class to whole vertebrae with one level each, counted so that the order makes sense."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch.nn import functional

from models.bone_muscle_ct.segmentation import (
    HU,
    LEVELS,
    VERTEBRA_LABELS,
    Labels,
    Mask,
    Probabilities,
    SegmentationNet,
    Triple,
    infer,
    source_box,
    to_source,
    upsample,
)

SMALLEST = 1.5  # ml: less of a body is a slice of one, or an error; assumption (a lumbar body has 25-45 ml)
TOUCHING = 0.5  # probability above which a voxel belongs to a body; the discs are below it
STEPS = (22.0, 52.0)  # mm between centres of neighbouring bodies; assumption (26-40 in adults, less when broken)
GAP_COST = 3.0  # nats a body: the price of a level left out; assumption
SURE = 0.95  # share of the best count among all counts below which the levels are doubtful; assumption
EVIDENCE = 0.15  # of a body's voxels speak independently of each other (their errors are shared); assumption
BONE_HU = 145.0  # between soft tissue (50) and what a voxel half of cortex shows; assumption
DOUBTFUL = (0.12, 0.80)  # probability of bone between which HU decides at the source's resolution; assumption

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Body:
    """A vertebral body; centre (z, y, x) in mm from the corner of the volume."""

    level: str
    centre: Vector
    volume: float  #: ml


@dataclass(frozen=True, kw_only=True)
class Segmentation:
    """Masks on the source grid, (Z, Y, X).

    vertebrae: uint8, VerSe values (17-19 T10-T12, 20-24 L1-L5, 26 sacrum); bodies: of vertebrae, without arches;
    muscles: uint8, 1 + index in MUSCLES.
    """

    vertebrae: Labels = field(repr=False)
    bodies: Mask = field(repr=False)
    muscles: Labels = field(repr=False)
    levels: tuple[Body, ...]  #: from the head down
    certainty: float  #: 0..1: share of the chosen count among all possible counts
    doubtful: bool  #: the count is not sure, or a level is missing between others (fusion, a transitional vertebra)
    spacing: Triple  #: mm (z, y, x)

    def body(self, level: str) -> Body | None:
        """The body of this level, None when it was not found."""
        return next((b for b in self.levels if b.level == level), None)


def find_bodies(found: Probabilities) -> tuple[npt.NDArray[np.int32], Vector]:
    """Bodies on the network's grid: numbered (Z, Y, X), and for each (rows) the evidence for each level, nats.

    A body is one piece of voxels with one likeliest level; pieces of one body under two levels are put together.
    """
    bone = found.classes[1 : 1 + len(LEVELS)]
    total = bone.sum(0)
    inside = ((total * found.body) > TOUCHING).numpy()
    best = bone.argmax(0).numpy()
    cell = float(np.prod(found.spacing)) / 1000
    numbered = np.zeros(inside.shape, np.int32)
    pieces = []
    for k in range(len(LEVELS)):
        parts, count = ndimage.label(inside & (best == k))
        sizes = np.bincount(parts.ravel(), minlength=count + 1)
        pieces += [parts == n for n in range(1, count + 1) if sizes[n] * cell >= SMALLEST]
    pieces = _put_together(pieces, np.asarray(found.spacing))
    shares = torch.log((bone / total.clamp_min(1e-6)).clamp_min(1e-3)).numpy()
    evidence = np.zeros((len(pieces), len(LEVELS)))
    for number, piece in enumerate(pieces, start=1):
        numbered[piece] = number
        evidence[number - 1] = shares[:, piece].mean(1) * max(1.0, np.sqrt(piece.sum()) * EVIDENCE)
    return numbered, evidence


def _put_together(pieces: list[Mask], spacing: Vector) -> list[Mask]:
    """Pieces from the head down; those nearer to each other than two bodies can be become one."""
    pieces = sorted(pieces, key=lambda p: -_centre(p, spacing)[0])
    out: list[Mask] = []
    for piece in pieces:
        if out and np.linalg.norm(_centre(out[-1], spacing) - _centre(piece, spacing)) < _nearest(out[-1], piece):
            out[-1] |= piece
        else:
            out.append(piece)
    return out


def _nearest(a: Mask, b: Mask) -> float:
    """How near two bodies can be, mm: less when both are large."""
    small = min(a.sum(), b.sum()) / max(a.sum(), b.sum())
    return STEPS[0] * (0.6 if small > 0.4 else 1.0)


def _centre(mask: Mask, spacing: Vector) -> Vector:
    return np.asarray([(c + 0.5) * s for c, s in zip(ndimage.center_of_mass(mask), spacing, strict=True)], np.float64)


def count_levels(evidence: Vector, gaps: npt.NDArray[np.int64]) -> tuple[list[int], float]:
    """Levels of bodies from the head down, each lower than the one above; and how sure the count is.

    Parameters
    ----------
    evidence
        (N, levels) log likelihood of each body's level, up to a constant.
    gaps
        (N - 1,) bodies that have room between neighbours and were not found, seen from their distance.

    Raises
    ------
    ValueError
        If there are more bodies than levels.
    """
    count, levels = evidence.shape
    if count > levels:
        raise ValueError(f"{count} bodies for {levels} levels")
    best = np.full((count, levels), -np.inf)
    back = np.zeros((count, levels), np.int64)
    best[0] = evidence[0]
    for row in range(1, count):
        for level in range(row, levels):
            above = np.arange(level)
            cost = GAP_COST * np.abs(level - above - 1 - gaps[row - 1])
            scores = best[row - 1, :level] - cost
            back[row, level] = int(scores.argmax())
            best[row, level] = scores.max() + evidence[row, level]
    last = int(best[-1].argmax())
    shares = np.exp(best[-1] - best[-1].max())
    chosen = [last]
    for row in range(count - 1, 0, -1):
        chosen.append(int(back[row, chosen[-1]]))
    return chosen[::-1], float(1 / shares.sum())


def _missing(centres: Vector) -> npt.NDArray[np.int64]:
    distance = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    return np.asarray(np.maximum(0, np.round(distance / np.mean(STEPS)) - 1) * (distance > STEPS[1]), np.int64)


def segment(net: SegmentationNet, hu: HU, spacing: Triple, *, device: str | torch.device = "cpu") -> Segmentation:
    """Vertebrae and muscles of a CT.

    Parameters
    ----------
    net
        In evaluation mode, on `device`.
    hu
        float32 (Z, Y, X): z to the head, y to the back, x to the patient's left.
    spacing
        mm (z, y, x).

    Raises
    ------
    ValueError
        For a volume without three sides, or of no or unending size.
    """
    return assemble(infer(net, hu, spacing, device=device), hu, spacing)


def assemble(found: Probabilities, hu: HU, spacing: Triple) -> Segmentation:
    """Masks and levels from the network's answer; hu and spacing of the source."""
    numbered, evidence = find_bodies(found)
    cell, number = np.asarray(found.spacing), len(evidence)
    centres = np.asarray([_centre(numbered == k, cell) for k in range(1, number + 1)]).reshape(number, 3)
    kept = slice(max(0, number - len(LEVELS)), None)  # what is above T10 has no name here
    chosen, certainty = count_levels(evidence[kept], _missing(centres[kept])) if number else ([], 0.0)
    chosen = [-1] * (number - len(chosen)) + chosen
    vertebrae, bodies = paint_vertebrae(found, hu, numbered, np.asarray(evidence.argmax(1), np.int64), chosen)
    muscles = paint_muscles(found, hu)
    muscles[vertebrae > 0] = 0
    volume = np.bincount(numbered.ravel(), minlength=number + 1)[1:] * float(np.prod(cell)) / 1000
    named = [c for c in chosen if c >= 0]
    return Segmentation(
        vertebrae=vertebrae, bodies=bodies, muscles=muscles, certainty=certainty, spacing=spacing,
        levels=tuple(Body(level=LEVELS[c], centre=centres[k], volume=float(volume[k]))
                     for k, c in enumerate(chosen) if c >= 0),
        doubtful=certainty < SURE or any(below - above != 1 for above, below in pairwise(named)),
    )  # fmt: skip


def paint_vertebrae(
    found: Probabilities, hu: HU, numbered: npt.NDArray[np.int32], named: npt.NDArray[np.int64], chosen: list[int]
) -> tuple[Labels, Mask]:
    """Vertebrae (VerSe values) and their bodies on the source grid.

    numbered: bodies on the network's grid; named: the likeliest level of each; chosen: the level that the count gave
    it, -1 for none. An arch is counted as the body next to it is. Where the network hesitates between bone and
    other tissue, what is as bright as bone at the source's resolution is bone.
    """
    shape = (hu.shape[0], hu.shape[1], hu.shape[2])
    vertebrae, bodies = np.zeros(shape, np.uint8), np.zeros(shape, np.bool_)
    levels = found.classes[1 : 1 + len(LEVELS)]
    total = levels.sum(0)
    box = source_box(total.numpy() > DOUBTFUL[0], shape)
    if box is None or not chosen:
        return vertebrae, bodies
    share, body = upsample(torch.stack([total, found.body]), shape, box).numpy()
    bone = (share > DOUBTFUL[1]) | ((share > DOUBTFUL[0]) & (hu[box] > BONE_HU))
    away, nearest = ndimage.distance_transform_edt(numbered == 0, found.spacing, return_indices=True)
    around = numbered[tuple(nearest)] - 1  # of each voxel of the network's grid
    step = np.asarray(chosen) - named
    step[np.asarray(chosen) < 0] = -len(LEVELS) - 1  # unnamed, and so is what lies next to it
    moved = levels.argmax(0).numpy() + step[around]
    moved = np.where(away == 0, np.asarray(chosen)[around], moved)
    # one-hot again, so that levels meet halfway between the voxels of the coarse grid
    known = torch.from_numpy(np.clip(moved, -1, len(LEVELS) - 1) + 1)
    spread = functional.one_hot(known, 1 + len(LEVELS)).permute(3, 0, 1, 2).float() * total.clamp_min(1e-3)
    value = np.asarray([0, *VERTEBRA_LABELS], np.uint8)[to_source(spread, shape, box)]
    vertebrae[box] = np.where(bone, value, 0)
    bodies[box] = (vertebrae[box] > 0) & (body > 0.5)
    return vertebrae, bodies


def paint_muscles(found: Probabilities, hu: HU) -> Labels:
    """Muscles on the source grid: 1 + index in MUSCLES."""
    shape = (hu.shape[0], hu.shape[1], hu.shape[2])
    muscles = np.zeros(shape, np.uint8)
    flesh = found.classes[1 + len(LEVELS) :]
    box = source_box(flesh.sum(0).numpy() > TOUCHING / 2, shape)
    if box is not None:
        rest = found.classes[: 1 + len(LEVELS)].sum(0, keepdim=True)
        muscles[box] = to_source(torch.cat([rest, flesh]), shape, box)
    return muscles
