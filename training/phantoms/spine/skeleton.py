"""The bones around the spine: sacrum, iliac wings and the lowest ribs."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from training.phantoms.spine.anatomy import Anatomy
from training.phantoms.spine.bones import Cone, paint_strokes
from training.phantoms.spine.grid import Array, Grid, Vector
from training.phantoms.spine.vertebrae import LABEL

PELVIS_HU, RIB_HU = 40.0, 60.0  # spongiosa against L1's; assumptions
SACRUM_STEP = 0.22  # radians between sacral segments, backwards then forwards; assumption


def paint_sacrum(
    volume: Array, labels: npt.NDArray[np.uint8] | None, grid: Grid, anatomy: Anatomy, *, trabecular: float, bone: float
) -> None:
    """Alae, and S2-S4 behind and below the painted S1 body."""
    s1 = anatomy.vertebra("S1")
    size = s1.width / 50
    strokes: list[Cone] = []
    point, turn = np.array([0.0, 1.0, -14.0 * size]), 0.0
    for k, (wide, thick, high) in enumerate(((15.0, 10.0, 24.0), (12.0, 8.0, 20.0), (9.0, 7.0, 18.0))):
        turn += SACRUM_STEP * (1 if k else 0.4)
        down = np.array([0.0, np.sin(turn) * 0.4, -np.cos(turn)])
        end = point + down * high * size
        strokes += [
            (s1.place(x * size, *point[1:]), s1.place(x * size * 0.9, *end[1:]), (thick, thick * 0.9))
            for x in (-wide, 0.0, wide)
        ]
        point = end
    for side in (-1.0, 1.0):
        strokes += [
            (s1.place(side * 20 * size, 4, -2), s1.place(side * 44 * size, 12, -6), (11.0, 13.0)),
            (s1.place(side * 42 * size, 13, -8), s1.place(side * 36 * size, 14, -34), (13.0, 10.0)),
            (s1.place(side * 12 * size, 26, 0), s1.place(side * 10 * size, 24, -40), (4.5, 4.0)),
        ]
    paint_strokes(volume, labels, grid, strokes, number=LABEL["S1"], wall=1.3, spongy=trabecular * 0.75, bone=bone)


def paint_pelvis(volume: Array, grid: Grid, anatomy: Anatomy, *, trabecular: float, bone: float) -> None:
    """Both iliac wings, from the sacroiliac joints to the crests."""
    s1, l4 = anatomy.vertebra("S1"), anatomy.vertebra("L4")
    size = s1.width / 50
    cx, cy = float(s1.centre[0]), float(s1.centre[1])
    top = float(l4.centre[2]) + anatomy.crest
    for side in (-1.0, 1.0):
        foot = np.array([cx + side * 88 * size, cy - 8, top - 125 * size])
        crest = [(52, 62, -52), (60, 58, -28), (76, 44, -8), (94, 26, 0), (110, 6, -3), (121, -16, -11),
                 (126, -38, -26), (124, -54, -44)]  # fmt: skip
        edge = [np.array([cx + side * x * size, cy + y * size, top + z * size]) for x, y, z in crest]
        fine = [a + (b - a) * t for a, b in pairwise(edge) for t in (0.0, 0.25, 0.5, 0.75)] + [edge[-1]]
        strokes: list[Cone] = [(a, b, (4.6, 4.6)) for a, b in pairwise(fine)]
        for point in fine:
            waist = point + (foot - point) * 0.55 + np.array([-side * 7 * size, 5.0, 0.0])
            strokes += [(point, waist, (4.2, 3.6)), (waist, foot, (3.6, 9.0))]
        strokes.append((edge[1] - np.array([0, 0, 6.0]), edge[0] - np.array([0, 6.0, 24.0]), (8.0, 9.0)))
        paint_strokes(volume, None, grid, strokes, number=0, wall=1.5, spongy=trabecular + PELVIS_HU, bone=bone)


def rib_lines(anatomy: Anatomy) -> list[list[Vector]]:
    """The eleventh and twelfth ribs (and what the tenth sends down), as polylines of both sides, (x, y, z) mm."""
    lines = []
    wall = anatomy.half_width - anatomy.subcutaneous[1] - 9
    deep = anatomy.back - anatomy.subcutaneous[2]
    for level, reach, fall in (("T10", 2.55, 84.0), ("T11", 1.75, 74.0), ("T12", 1.05, 52.0)):
        v = anatomy.vertebra(level)
        start = v.place(0, v.depth / 2 - 2, 6)
        for side in (-1.0, 1.0):
            points = [start + np.array([side * 21, 4.0, 0.0])]
            for t in np.linspace(0.12, 1.0, 9):
                angle = np.pi / 2 - t * reach  # from the back round to the side and forward
                x, y = side * np.cos(angle) * wall * 0.97, np.sin(angle) * (deep - 26) * (1.0 if angle > 0 else 1.35)
                points.append(np.array([x, y, start[2] - fall * t**1.1]))
            lines.append(points)
    return lines


def paint_ribs(volume: Array, grid: Grid, anatomy: Anatomy, *, trabecular: float, bone: float) -> None:
    """The lowest ribs: flattened by two cones side by side."""
    for points in rib_lines(anatomy):
        high = np.array([0, 0, 2.6])
        strokes: list[Cone] = [
            (a + s * high, b + s * high, (3.4, 3.2)) for a, b in pairwise(points) for s in (-1.0, 1.0)
        ]
        paint_strokes(volume, None, grid, strokes, number=0, wall=1.0, spongy=trabecular + RIB_HU, bone=bone)
