"""Vertebrae painted on a grid: bodies with shell and spongiosa, discs, canal, arches and processes."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from training.phantoms.spine.grid import Array, Box, Grid, Vector, capsule, edge, label, paint, smooth_noise
from training.phantoms.spine.vertebrae import LABEL, Vertebra

CORTEX_HU = 1150.0  # material of shell and plates: a shell of 0.45-1.0 mm then gives 350-650 HU at 1 mm (models.md 7.2)
ARCH_CORTEX = 1.3  # mm; pedicles and laminae have a thicker shell; assumption
DISC_HU = (88.0, 68.0)  # annulus, nucleus; assumption
CANAL_HU, EPIDURAL_HU = 22.0, -45.0  # thecal sac, epidural fat mixed with vessels; assumptions
TEXTURE = 0.16  # SD of the spongiosa, share of its mean, features of 3 mm; assumption
PEDICLE = {"T10": 3.0, "T11": 3.4, "T12": 3.6, "L1": 3.6, "L2": 4.0, "L3": 4.7, "L4": 5.8, "L5": 7.2}  # radius, mm [A]
ROI = (0.30, 0.26, 0.24)  # half axes of the trabecular region, share of width, depth and height; front of the middle


def local(
    vertebra: Vertebra, grid: Grid, reach: tuple[float, float, float], middle: tuple[float, float, float]
) -> tuple[Box, Array, Array, Array] | None:
    """The box around a part of a vertebra and its left, back and up coordinates there (mm)."""
    centre = vertebra.place(*middle)
    span = (np.abs(vertebra.frame) * np.asarray(reach)[:, None]).sum(0) + grid.voxel
    box = grid.box((centre - span)[::-1], (centre + span)[::-1])
    if box is None:
        return None
    z, y, x = grid.open(box)
    dx, dy, dz = (a - np.float32(c) for a, c in zip((x, y, z), vertebra.centre, strict=True))
    u, v, w = (r[0] * dx + r[1] * dy + r[2] * dz for r in vertebra.frame.astype(np.float32))
    return box, u, v, w


def body_depth(vertebra: Vertebra, u: Array, v: Array, w: Array) -> tuple[Array, Array]:
    """How far a point lies inside the body (mm, negative outside): from the wall, and from the end plates."""
    half_w, half_d = np.float32(vertebra.width / 2), np.float32(vertebra.depth / 2)
    at = np.clip(v / half_d, -1.1, 1.1)
    plates = [vertebra.plates(p) for p in (-1.0, 0.0, 1.0)]
    lower, upper = (_through([p[k] for p in plates], at) for k in (0, 1))
    hollow = np.float32(1.3) * np.clip((u / half_w) ** 2, 0, 1.2)  # plates are hollow from side to side as well
    lower, upper = lower - hollow, upper + hollow
    middle, half_h = (lower + upper) / 2, np.maximum((upper - lower) / 2, 2.0)
    t = np.clip((w - middle) / half_h, -1.2, 1.2)
    waist = 1 - np.float32(0.11) * (1 - t * t)
    across = np.abs(u) / (half_w * waist)
    notch = np.float32(2.6) * np.clip(1 - (u / (0.42 * half_w)) ** 2, 0, None) * (v > 0)
    along = np.abs(v + notch) / (half_d * (1 - np.float32(0.075) * (1 - t * t)))
    inside = 1 - across**2.5 - along**2.5
    wall = inside * half_d / np.float32(2.5)
    if vertebra.lip > 0.3:
        wall = wall + np.float32(vertebra.lip) * np.clip(np.abs(t) - 0.55, 0, 0.4) * (at < 0.3)
    return np.asarray(wall, np.float32), np.asarray(half_h - np.abs(w - middle), np.float32)


def _through(values: list[float], at: Array) -> Array:
    front, middle, back = values
    return np.asarray(middle + (back - front) / 2 * at + ((front + back) / 2 - middle) * at * at, np.float32)


def paint_body(
    volume: Array, labels: npt.NDArray[np.uint8] | None, roi: npt.NDArray[np.uint8] | None, grid: Grid,
    vertebra: Vertebra, *, trabecular: float, rng: np.random.Generator, bone: float = 1.0,
) -> None:  # fmt: skip
    """Body with shell and spongiosa; the mean HU of the trabecular region is `trabecular` exactly.

    bone: how much denser than at 120 kVp the shell looks.
    """
    found = local(
        vertebra, grid, (vertebra.width * 0.58, vertebra.depth * 0.62, max(vertebra.normal) * 0.62), (0, 0, 0)
    )
    if found is None:
        return
    box, u, v, w = found
    wall, plate = body_depth(vertebra, u, v, w)
    depth = np.minimum(wall, plate)
    cover = edge(depth, grid.voxel)
    inner = edge(np.minimum(wall - vertebra.cortex, plate - (vertebra.cortex + 0.15)), grid.voxel)
    lower, upper = vertebra.plates(0.0)
    middle = (lower + upper) / 2
    half = (ROI[0] * vertebra.width, ROI[1] * vertebra.depth, ROI[2] * (upper - lower))
    core = (u / half[0]) ** 2 + ((v + 0.10 * vertebra.depth) / half[1]) ** 2 + ((w - middle) / half[2]) ** 2 < 1
    noise = smooth_noise(rng, grid, box, 3.0) * np.float32(TEXTURE) + smooth_noise(rng, grid, box, 9.0) * np.float32(
        0.08
    )
    dense = np.float32(0.22) * np.exp(-np.maximum(plate, 0) / np.float32(3.5))  # denser towards the plates
    vein = np.exp(-(u * u) / 18 - ((w - middle) ** 2) / 12) * np.clip((v / vertebra.depth + 0.05) * 2, 0, 1)
    field = np.float32(trabecular + 25) * (1 + noise + dense - np.float32(0.35) * vein)
    if core.any():
        field = field + np.float32(trabecular - float(field[core].mean()))
    paint(volume, box, cover, np.float32(CORTEX_HU * bone) + inner * (field - np.float32(CORTEX_HU * bone)))
    if labels is not None:
        label(labels, box, cover, LABEL[vertebra.level])
    if roi is not None:
        roi[box][core & (inner > 0.95)] = LABEL[vertebra.level]


def paint_disc(volume: Array, grid: Grid, upper: Vertebra, lower: Vertebra, vacuum: bool) -> None:
    """The disc between two bodies; it reaches into both, which are painted over it."""
    top = upper.place(0, 0, upper.plates(0.0)[0])
    bottom = lower.place(0, 0, lower.plates(0.0)[1])
    centre, gap = (top + bottom) / 2, float(np.linalg.norm(top - bottom))
    frame = upper.frame + lower.frame
    frame = frame / np.linalg.norm(frame, axis=1)[:, None]
    half = ((upper.width + lower.width) / 4 + 0.5, (upper.depth + lower.depth) / 4 + 0.8, gap / 2 + 4.5)
    span = (np.abs(frame) * np.asarray(half)[:, None]).sum(0) + 1
    box = grid.box((centre - span)[::-1], (centre + span)[::-1])
    if box is None:
        return
    z, y, x = grid.open(box)
    dx, dy, dz = (a - np.float32(c) for a, c in zip((x, y, z), centre, strict=True))
    u, v, w = (r[0] * dx + r[1] * dy + r[2] * dz for r in frame.astype(np.float32))
    inside = 1 - np.abs(u / half[0]) ** 2.5 - np.abs((v + 0.6) / half[1]) ** 2.5
    cover = edge(np.minimum(inside * np.float32(half[1] / 2.5), half[2] - np.abs(w)), grid.voxel)
    nucleus = np.clip(inside * 1.6 - 0.35, 0, 1)
    value = np.float32(DISC_HU[0]) + nucleus * np.float32(DISC_HU[1] - DISC_HU[0])
    if vacuum:
        gas = (inside > 0.45) & (np.abs(w) < 0.22 * gap) & (np.abs(u) < 0.35 * half[0])
        value = np.where(gas, np.float32(-350), value)
    paint(volume, box, cover, np.asarray(value, np.float32))


def paint_canal(volume: Array, grid: Grid, vertebrae: tuple[Vertebra, ...]) -> None:
    """Epidural fat with the thecal sac in it, along the backs of the bodies."""
    points = [v.place(0, v.depth / 2 + 8.5, 0) for v in vertebrae]
    for radius, value in ((9.5, EPIDURAL_HU), (7.0, CANAL_HU)):
        for a, b in pairwise(points):
            found = capsule(grid, a, b, (radius, radius))
            if found is not None:
                paint(volume, found[0], found[2], value)


Cone = tuple[Vector, Vector, tuple[float, float]]  #: start, end (x, y, z; mm) and the radius at each
Stroke = tuple[tuple[float, float, float], tuple[float, float, float], float, float]


def arch(vertebra: Vertebra) -> list[Stroke]:
    """Arch and processes as cones: start, end (left, back, up; mm), radius at each; both sides."""
    s, d = vertebra.width / 45.0, vertebra.depth / 2
    thoracic, p = vertebra.level.startswith("T"), PEDICLE.get(vertebra.level, 4.0)
    out: list[Stroke] = []
    spine = 17.0 if thoracic else 25.0
    for side in (-1.0, 1.0):
        x = side * 13.5 * s
        out += [
            ((x, d - 4, 5), (x * 1.06, d + 10, 5), p, p),  # pedicle
            ((x * 1.1, d + 11, 6), (x * 1.15, d + 13, 15), 5.2 * s, 4.0 * s),  # superior articular process
            ((x * 1.1, d + 12, 4), (x * 0.95, d + 19, -16), 5.4 * s, 4.4 * s),  # pars and inferior articular process
            ((x * 1.0, d + 15, -1), (side * 2, d + 25, -5), 4.6, 4.6),  # lamina, upper and lower edge
            ((x * 0.9, d + 18, -8), (side * 2, d + 26, -11), 4.0, 4.2),
            (
                (x * 1.1, d + 10, 5),
                (side * (22.0 if thoracic else 41.0) * s, d + 16, 5 if not thoracic else 8),
                4.2,
                2.6,
            ),
        ]
    for drop in np.arange(0.0, 12.1, 1.5):  # the spinous process is a plate: cones below each other
        out.append(
            ((0, d + 24, -3 - float(drop)), (0, d + 24 + spine, -7 - float(drop) * 1.15 - 14 * thoracic), 3.0, 3.4)
        )
    return out


def paint_arch(
    volume: Array,
    labels: npt.NDArray[np.uint8] | None,
    grid: Grid,
    vertebra: Vertebra,
    *,
    trabecular: float,
    bone: float,
) -> None:
    """Pedicles, laminae, articular, transverse and spinous processes."""
    number = LABEL[vertebra.level]
    strokes = [(vertebra.place(*a), vertebra.place(*b), (r, q)) for a, b, r, q in arch(vertebra)]
    paint_strokes(volume, labels, grid, strokes, number=number, wall=ARCH_CORTEX, spongy=trabecular + 60, bone=bone)


def paint_strokes(
    volume: Array, labels: npt.NDArray[np.uint8] | None, grid: Grid, strokes: list[Cone],
    *, number: int, wall: float, spongy: float, bone: float = 1.0,
) -> None:  # fmt: skip
    """A bone made of cones: one surface around all of them, a shell of `wall` mm and spongiosa inside."""
    ends = np.array([p for a, b, _ in strokes for p in (a, b)])
    wide = max(max(r) for _, _, r in strokes) + 2 * grid.voxel
    box = grid.box((ends.min(0) - wide)[::-1], (ends.max(0) + wide)[::-1])
    if box is None:
        return
    depth = np.full(tuple(s.stop - s.start for s in box), -9.0, np.float32)
    start = [s.start for s in box]
    for a, b, radius in strokes:
        found = capsule(grid, np.asarray(a), np.asarray(b), radius)
        if found is None:
            continue
        part = tuple(slice(s.start - o, s.stop - o) for s, o in zip(found[0], start, strict=True))
        if any(p.start < 0 or p.stop > n for p, n in zip(part, depth.shape, strict=True)):
            raise AssertionError("a stroke leaves its box")
        np.maximum(depth[part], found[1], out=depth[part])
    cover = edge(depth, grid.voxel)
    inner = edge(depth - np.float32(wall), grid.voxel)
    paint(volume, box, cover, np.float32(CORTEX_HU * bone) + inner * np.float32(spongy - CORTEX_HU * bone))
    if labels is not None:
        label(labels, box, cover, number)
