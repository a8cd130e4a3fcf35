"""From tissues to whole vertebrae with one level each: bodies are told apart along the spine and counted from below."""

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage, signal

from models.bone_muscle_ct.sections import Piece, Sections, boxes_of
from models.bone_muscle_ct.segmentation import (
    BONES,
    HU,
    LEVELS,
    TISSUES,
    VERTEBRA_LABELS,
    Box,
    Labels,
    Mask,
    Probabilities,
    SegmentationNet,
    Triple,
    classes_at,
    infer,
    likeliest,
    resample,
    source_box,
    to_source,
    upsample,
)

BODY, SACRUM = TISSUES.index("body"), TISSUES.index("sacrum")
SACRAL = 15.0  # ml of sacrum without which nothing can be counted; assumption (S1 alone has 40)
SMALLEST = 4.0  # ml: less of a body is a slice of one, or an error; assumption (a lumbar body has 25-45 ml)
STEP = 5.0  # mm along z between points of the spine's line
BEND = 10.0  # mm, SD of the smoothing of that line; assumption
BLUR = 2.5  # mm, SD of the profile along the line; the discs are 5-12 mm high
HOLLOW = 0.22  # a body's waist is this much narrower than its ends at most, a disc's gap deeper; assumption
ASIDE = (70.0, 35.0)  # mm (y, x) from the middle of the column's largest piece; assumption
TWICE = 1.55  # times the usual span is two bodies or more; assumption
FARTHEST = 50.0  # mm between centres of neighbouring bodies; assumption (26-40 in adults, less when broken)
TO_SACRUM = 35.0  # mm from L5's centre to the top of the sacrum at most; assumption
# How far arches hang below their body: nothing up to 29 mm behind the body's centre, then half a mm a mm; assumption,
# from the spinous processes that reach 25 mm lower than they begin (bones.py of the phantoms)
HANG = (29.0, 0.5, 13.0)
DENSE = 4.0  # mm, SD of the brightness along the line: makes one of the two end plates beside a disc
BELOW = 22.0  # mm below the lowest body: what lies there is no part of it; assumption
BONE_HU = 260.0  # between soft tissue (50) and what a voxel half of cortex shows; assumption
FLESH = 0.25  # probability of any muscle below which none is looked for; assumption
DOUBTFUL = (0.3, 0.7)  # probability of bone between which HU decides at the source's resolution; assumption

Vector = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Body:
    """A vertebral body; centre (z, y, x) in mm from the corner of the volume."""

    level: str
    centre: Vector
    volume: float  #: ml


@dataclass(frozen=True, kw_only=True)
class Segmentation:
    """Masks on the source grid, (Z, Y, X).

    vertebrae: uint8, VerSe values (17-19 T10-T12, 20-24 L1-L5, 26 sacrum); bodies: of vertebrae, without arches and
    sacrum; muscles: uint8, 1 + index in MUSCLES, painted where they are looked at.
    """

    vertebrae: Labels = field(repr=False)
    bodies: Mask = field(repr=False)
    muscles: Labels | Sections = field(repr=False)
    levels: tuple[Body, ...]  #: from the head down; empty when they could not be counted
    doubtful: bool  #: no sacrum to count from, or a gap between bodies (a missed one, a fusion, a transitional one)
    spacing: Triple  #: mm (z, y, x)

    def body(self, level: str) -> Body | None:
        """The body of this level, None when it was not found."""
        return next((b for b in self.levels if b.level == level), None)

    @cached_property
    def boxes(self) -> dict[int, Box]:
        """The smallest box around each value of `vertebrae`."""
        return boxes_of(self.vertebrae)

    def body_mask(self, value: int) -> Piece | None:
        """The body of the vertebra with this value, within the vertebra's box; None without a vertebra."""
        box = self.boxes.get(value)
        return None if box is None else Piece(box=box, mask=self.bodies[box] & (self.vertebrae[box] == value))


@dataclass(frozen=True)
class Line:
    """The middle of the bodies: points (K, 3) (z, y, x) in mm with rising z, and the length up to each, mm."""

    points: Vector
    length: Vector

    def along(self, places: Vector, *, hanging: bool = False) -> Vector:
        """Length at which each place (N, 3) lies. hanging: arches count as if they stood level with their body."""
        out = np.empty(len(places))
        for start in range(0, len(places), 20_000):
            part = places[start : start + 20_000]
            middle = np.stack([np.interp(part[:, 0], self.points[:, 0], self.points[:, k]) for k in range(3)], 1)
            slope = np.stack([np.interp(part[:, 0], self.points[:, 0], g) for g in np.gradient(self.points[:, 1:],
                              self.points[:, 0], axis=0).T], 1)  # fmt: skip
            tangent = np.concatenate([np.ones((len(part), 1)), slope], 1)
            tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
            offset = part - middle
            up = (offset * tangent).sum(1)
            if hanging:
                back = offset[:, 1] - up * tangent[:, 1]
                up = up + np.clip((back - HANG[0]) * HANG[1], 0, HANG[2])
            out[start : start + 20_000] = np.interp(part[:, 0], self.points[:, 0], self.length) + up
        return out


def line_of(places: Vector) -> Line | None:
    """The line through bodies' voxels, places (N, 3) in mm; None when they span less than two points."""
    low, high = places[:, 0].min(), places[:, 0].max()
    edges = np.arange(low, high + STEP, STEP)
    if len(edges) < 4:
        return None
    which = np.clip(np.digitize(places[:, 0], edges) - 1, 0, len(edges) - 2)
    count = np.bincount(which, minlength=len(edges) - 1)
    z = (edges[:-1] + edges[1:]) / 2
    has = count > 0
    columns = [np.interp(z, z[has], np.bincount(which, places[:, k], len(edges) - 1)[has] / count[has]) for k in (1, 2)]
    smooth = [ndimage.gaussian_filter1d(c, BEND / STEP, mode="nearest") for c in columns]
    points = np.stack([z, *smooth], 1)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return Line(np.asarray(points, np.float64), np.concatenate([[0.0], np.cumsum(steps)]))


def split(along: Vector, brightness: Vector, cell: float) -> list[tuple[float, float]]:
    """Where bodies begin and end along the line, from below.

    Parameters
    ----------
    along, brightness
        (N,) length, mm, and HU at each voxel of the bodies.
    cell
        Volume of a voxel, ml.
    """
    low, size = float(along.min()) - 3, int(np.ptp(along)) + 7
    place = (along - low).astype(np.int64)
    profile = np.bincount(place, minlength=size).astype(np.float64)
    smooth = ndimage.gaussian_filter1d(profile, BLUR)
    tops: list[int] = []
    for top in signal.find_peaks(smooth)[0]:
        if tops and smooth[tops[-1] : top].min() > (1 - HOLLOW) * min(smooth[tops[-1]], smooth[top]):
            tops[-1] = max(tops[-1], top, key=lambda k: smooth[k])  # a waist, no disc
        elif smooth[top] > HOLLOW * smooth.max():
            tops.append(int(top))
    cuts = [0.0, *(float(a + np.argmin(smooth[a : b + 1])) for a, b in pairwise(tops))]
    cuts.append(float(len(smooth)))
    cuts = _cut_long(cuts, _mean_along(place, brightness, profile))
    spans = [(a + low, b + low) for a, b in pairwise(cuts)]
    return [(a, b) for a, b in spans if ((along >= a) & (along < b)).sum() * cell >= SMALLEST]


def _mean_along(place: Numbers, brightness: Vector, count: Vector) -> Vector:
    """Mean HU at each mm of the line, smoothed."""
    total = np.bincount(place, brightness, len(count))
    above, below = (ndimage.gaussian_filter1d(part, DENSE) for part in (total, count))
    return np.asarray(above / np.maximum(below, 1e-6))


def _cut_long(cuts: list[float], dense: Vector) -> list[float]:
    """Cuts where bodies hang together: at the brightest place about each equal part of a span that is too long.

    A disc that is thinner than the slices is taken for bone; the end plates beside it are the densest part of a spine.
    """
    usual = float(np.median(np.diff(cuts)))
    out = [cuts[0]]
    for a, b in pairwise(cuts):
        if b - a > TWICE * usual and len(cuts) > 3:
            parts = max(2, round((b - a) / usual))
            reach = (b - a) / parts / 3
            for where in np.linspace(a, b, parts + 1)[1:-1]:
                start = int(where - reach)
                out.append(float(start + np.argmax(dense[start : int(where + reach) + 1])))
        out.append(b)
    return out


def count_up(centres: Vector, sacrum_top: float) -> tuple[list[int], bool]:
    """Index in LEVELS of bodies from below, -1 for none; and whether that is doubtful.

    centres: (N,) along the line, rising; sacrum_top: the same for the sacrum's upper end, NaN without one. The
    lowest body is L5 if it stands on the sacrum; a gap is as many levels as fit into it.
    """
    if np.isnan(sacrum_top) or not len(centres):
        return [-1] * len(centres), True
    pitch = float(np.clip(np.median(np.diff(centres)), 26, 40)) if len(centres) > 1 else 34.0
    away = centres[0] - sacrum_top
    level = LEVELS.index("L5") - (0 if away < TO_SACRUM else max(1, round((away - pitch * 0.6) / pitch)))
    doubtful = away >= TO_SACRUM
    chosen = [level]
    for gap in np.diff(centres):
        missing = 0 if gap <= FARTHEST else max(1, round(gap / pitch) - 1)
        doubtful |= bool(missing)
        level -= 1 + missing
        chosen.append(level)
    return [c if c >= 0 else -1 for c in chosen], bool(doubtful)


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
    cell, ml = np.asarray(found.spacing), float(np.prod(found.spacing)) / 1000
    best = likeliest(found.classes).numpy()
    mask = column(best == BODY, best == SACRUM, cell)
    places = (np.argwhere(mask) + 0.5) * cell
    line = line_of(places) if len(places) else None
    spans: list[tuple[float, float]] = []
    chosen: list[int] = []
    doubtful, bodies = True, []
    if line is not None:
        along = line.along(places)
        coarse = resample(hu, (best.shape[0], best.shape[1], best.shape[2])) if found.hu is None else found.hu
        spans = split(along, coarse.numpy()[mask].astype(np.float64), ml)
        inside = [(along >= a) & (along < b) for a, b in spans]
        centres = np.asarray([along[where].mean() for where in inside])
        chosen, doubtful = count_up(centres, _sacrum_top(best == SACRUM, line, cell, ml))
        bodies = [
            Body(level=LEVELS[c], centre=places[where].mean(0), volume=float(where.sum() * ml))
            for c, where in zip(chosen, inside, strict=True) if c >= 0
        ]  # fmt: skip
    vertebrae, body = paint_vertebrae(found, hu, line, spans, chosen)
    return Segmentation(
        vertebrae=vertebrae, bodies=body, muscles=paint_muscles(found, vertebrae), levels=tuple(bodies[::-1]),
        doubtful=doubtful, spacing=spacing,
    )  # fmt: skip


def column(body: Mask, sacrum: Mask, cell: Vector) -> Mask:
    """The bodies that belong to the spine: near the largest piece of bone, seen from above, and no specks."""
    parts, count = ndimage.label(ndimage.binary_dilation(body | sacrum, iterations=3))
    if count < 2:
        return body
    bone = (body | sacrum).ravel()
    sizes = np.bincount(parts.ravel(), weights=bone, minlength=count + 1)[1:]
    middles = np.asarray(ndimage.center_of_mass(body | sacrum, parts, range(1, count + 1))) * cell
    away = np.abs(middles - middles[int(sizes.argmax())])
    kept = (sizes * float(np.prod(cell)) / 1000 >= SMALLEST) & (away[:, 1] < ASIDE[0]) & (away[:, 2] < ASIDE[1])
    return np.asarray(body & np.concatenate([[False], kept])[parts], np.bool_)


def _sacrum_top(sacrum: Mask, line: Line, cell: Vector, ml: float) -> float:
    """Upper end of the sacrum along the line: of what lies within 25 mm of it, NaN when there is too little of it."""
    places = (np.argwhere(sacrum) + 0.5) * cell
    if len(places) * ml < SACRAL:
        return float("nan")
    aside = np.abs(places[:, 2] - np.interp(places[:, 0], line.points[:, 0], line.points[:, 2]))
    near = places[aside < 25]
    return float(np.percentile(line.along(near), 95)) if len(near) else float("nan")


def paint_vertebrae(
    found: Probabilities, hu: HU, line: Line | None, spans: list[tuple[float, float]], chosen: list[int]
) -> tuple[Labels, Mask]:
    """Vertebrae (VerSe values) and their bodies on the source grid.

    spans: each body along the line, from below; chosen: its index in LEVELS, -1 for none. Where the network hesitates
    between bone and other tissue, what is as bright as bone at the source's resolution is bone.
    """
    shape = (hu.shape[0], hu.shape[1], hu.shape[2])
    vertebrae, bodies = np.zeros(shape, np.uint8), np.zeros(shape, np.bool_)
    total = found.classes[BONES].sum(0)
    box = source_box(total.numpy() > DOUBTFUL[0], shape)
    if box is None:
        return vertebrae, bodies
    share = upsample(total[None], shape, box)[0].numpy()
    bone = (share > DOUBTFUL[1]) | ((share > DOUBTFUL[0]) & (hu[box] > BONE_HU))
    corner = np.asarray([part.start for part in box])
    places = np.argwhere(bone)
    kind = likeliest(classes_at(found.classes[BONES], shape, places + corner)).numpy()  # body, arch, sacrum
    of_bone = np.zeros(len(places), np.uint8)
    of_bone[kind == 2] = VERTEBRA_LABELS[-1]
    if line is not None and spans:
        source = np.asarray([n * s / m for n, s, m in zip(total.shape, found.spacing, shape, strict=True)])
        usual = float(np.median([b - a for a, b in spans]))
        top = max(spans[-1][1], spans[-1][0] + usual)  # a body that is cut off ends later than what is seen of it
        middles = np.asarray([*((b + c) / 2 for (_, b), (c, _) in pairwise(spans)), top])
        above = chosen[-1] - 1  # its arch hangs into the scan; there is no body to find
        names = np.asarray([VERTEBRA_LABELS[c] if c >= 0 else 0 for c in (*chosen, above)], np.uint8)
        for part, hanging in ((0, False), (1, True)):
            where = kind == part
            along = line.along((places[where] + corner + 0.5) * source, hanging=hanging)
            found_names = names[np.digitize(along, middles)]
            found_names[(along < spans[0][0] - BELOW) | (along > top + usual)] = 0  # of no vertebra that is known
            of_bone[where] = found_names
    vertebrae[box][bone] = of_bone
    bodies[box][bone] = (of_bone > 0) & (kind == 0)
    return vertebrae, bodies


def paint_muscles(found: Probabilities, vertebrae: Labels) -> Sections:
    """Muscles on the grid of the vertebrae, where none of these is: 1 + index in MUSCLES."""
    shape = (vertebrae.shape[0], vertebrae.shape[1], vertebrae.shape[2])
    flesh = found.classes[BONES.stop :]
    box = source_box(flesh.sum(0).numpy() > FLESH, shape)
    classes = torch.cat([found.classes[: BONES.stop].sum(0, keepdim=True), flesh])

    def paint(k: int) -> Labels:
        section = np.zeros(shape[1:], np.uint8)
        if box is not None and box[0].start <= k < box[0].stop:
            section[box[1:]] = to_source(classes, shape, (slice(k, k + 1), box[1], box[2]))[0]
            section[vertebrae[k] > 0] = 0
        return section

    return Sections(shape, paint)
