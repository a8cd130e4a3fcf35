"""Heart, great vessels, trachea and bronchi, oesophagus."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from training.phantoms.lung.lattice import Array, Lattice, Tubes, capsule, edge, ellipsoid, paint_balls
from training.phantoms.lung.shape import Shape
from training.phantoms.lung.trees import Airways, polyline

# HU: blood and muscle without contrast are textbook values; the fat with strands in it is an assumption
FAT, BLOOD, MUSCLE, AIR, BRONCHUS = -92.0, 42.0, 48.0, -990.0, -20.0
OESOPHAGUS_WALL = 2.6  # mm; assumption


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """HU of the blood: right heart and pulmonary arteries, left heart and aorta, veins of the arms and neck."""

    right: float = BLOOD
    left: float = BLOOD
    cava: float = BLOOD
    muscle: float = MUSCLE


def paint_heart(volume: Array, lattice: Lattice, shape: Shape, contrast: Contrast) -> None:
    """Muscle with both ventricles and atria in it."""
    centre, half, frame = shape.heart_form()
    whole = ellipsoid(lattice, centre.tolist(), half, frame)
    if whole is not None:
        _paint(volume, *whole, lattice, contrast.muscle)
    long, back, up = half
    for along, behind, above, size, value in (
        (0.18, 0.26, -0.05, (0.52, 0.44, 0.44), contrast.left),  # left ventricle
        (0.02, -0.34, -0.10, (0.60, 0.42, 0.55), contrast.right),
        (-0.50, 0.52, 0.30, (0.34, 0.40, 0.46), contrast.left),  # atria
        (-0.62, -0.20, 0.05, (0.32, 0.52, 0.60), contrast.right),
    ):
        at = centre + frame.T @ np.array([along * long, -behind * back, above * up])
        found = ellipsoid(lattice, at.tolist(), [s * h for s, h in zip(size, half, strict=True)], frame)
        if found is not None:
            _paint(volume, *found, lattice, value)


def vessel_lines(shape: Shape) -> list[tuple[str, list[tuple[float, float, float]], float]]:
    """Great vessels: which blood, points (x, y, z) mm, radius."""
    p = shape.person
    aorta, pulmonary = p.aorta / 2, p.pulmonary_artery / 2
    spine = float(shape.spine(np.array([-80.0], np.float32))[0])
    low = shape.floor - 40
    root = shape.heart_form()[0]
    behind = spine - 12 + 0.4 * aorta
    return [
        ("left", [(2, root[1] - 4, -42), (-13, -26, -14), (-11, -25, 14), (0, -12, 33)], aorta),
        ("left", [(0, -12, 33), (14, 12, 34), (21, behind - 8, 22)], aorta * 0.86),
        ("left", [(21, behind - 8, 22), (22, behind, -30), (16, behind, -100), (9, behind - 6, low)], aorta * 0.74),
        ("left", [(-6, -16, 40), (-14, -8, 68), (-26, -2, 100)], 6.0),
        ("left", [(6, -4, 44), (13, 0, 80), (17, 4, 110)], 4.4),
        ("left", [(15, 8, 42), (22, 12, 80), (40, 14, 96)], 5.0),
        ("right", [(12, -34, -38), (15, -24, -20), (19, -12, -8)], pulmonary),
        ("right", [(17, -8, -16), (-10, -2, -20), (-38, 4, -22)], pulmonary * 0.72),
        ("right", [(19, -10, -8), (34, 8, -8), (44, 16, -18)], pulmonary * 0.74),
        ("cava", [(-26, -14, 62), (-27, -12, 20), (-27, -10, -36)], 8.8),
        ("cava", [(-26, -18, 58), (0, -28, 66), (30, -14, 90)], 6.6),
        ("cava", [(-26, -16, 60), (-36, -6, 96)], 7.0),
        ("left", [(8, 8, -44), (-34, 8, -46)], 7.0),  # lower pulmonary veins
        ("left", [(8, 8, -44), (36, 14, -44)], 7.0),
        ("right", [(-20, -2, shape.dome + 24), (-22, 0, shape.dome - 40)], 12.0),  # inferior cava
    ]  # fmt: skip


def paint_vessels(volume: Array, lattice: Lattice, shape: Shape, contrast: Contrast) -> None:
    """The great vessels."""
    values = {"left": contrast.left, "right": contrast.right, "cava": contrast.cava}
    for blood, points, radius in vessel_lines(shape):
        for a, b in pairwise(points):
            found = capsule(lattice, np.array(a), np.array(b), (radius, radius))
            if found is not None:
                _paint(volume, *found, lattice, values[blood])


def paint_airways(volume: Array, scratch: Array, lattice: Lattice, airways: Airways, fibrotic: Array) -> None:
    """Walls, then lumens; traction bronchiectasis only where the lung is fibrotic (0..1 by voxel)."""
    pulled = airways.traction.chosen(looked_up(fibrotic, lattice, airways.traction) > 0.5)
    for tubes, wall in ((airways.lobar, 0.9), (pulled, 1.1), (airways.central, 1.6)):
        paint_balls(volume, scratch, lattice, tubes.grown(wall), BRONCHUS)
    for tubes in (airways.lobar, pulled, airways.central):
        paint_balls(volume, scratch, lattice, tubes, AIR)


def looked_up(values: Array, lattice: Lattice, tubes: Tubes) -> Array:
    """Values at the nearest voxel to each ball; 0 outside."""
    out = np.zeros(len(tubes.points), np.float32)
    index, inside = [], np.ones(len(out), bool)
    for axis, k in ((lattice.z, 2), (lattice.y, 1), (lattice.x, 0)):
        at = tubes.points[:, k]
        middles = (axis[1:] + axis[:-1]) / 2
        index.append(np.searchsorted(middles, at))
        inside &= (at > axis[0] - 2 * lattice.pixel) & (at < axis[-1] + 2 * lattice.pixel)
    out[inside] = values[index[0][inside], index[1][inside], index[2][inside]]
    return out


def paint_oesophagus(volume: Array, scratch: Array, lattice: Lattice, shape: Shape) -> None:
    """A wall around air above and fluid behind; small ones are closed."""
    radius = shape.person.oesophagus / 2
    heights = np.linspace(shape.top + 40, shape.floor - 20, 12)
    spine = shape.spine(heights.astype(np.float32)).astype(float)
    y = spine - 22 - 0.55 * radius
    x = np.interp(heights, (-120, -40, 40), (6.0, 2.0, 4.0))
    wide = radius * np.interp(heights, (0, 30, 70), (1.0, 0.85, 0.55))
    line = polyline(np.stack([x, y, heights], 1), wide)
    paint_balls(volume, scratch, lattice, line, MUSCLE - 8)
    inner = line.grown(-OESOPHAGUS_WALL)
    inner = inner.chosen(inner.radii > 2.2)
    paint_balls(volume, scratch, lattice, inner, 12.0)
    gas = Tubes(inner.points - np.array([0, 0.25, 0]) * inner.radii[:, None], inner.radii * 0.75)
    paint_balls(volume, scratch, lattice, gas, AIR)


def _paint(volume: Array, box: tuple[slice, slice, slice], depth: Array, lattice: Lattice, value: float) -> None:
    part = volume[box]
    part += edge(depth, lattice.pixel) * (np.float32(value) - part)
