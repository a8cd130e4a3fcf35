"""Spine, ribs, sternum, collar bones and shoulder blades."""

import numpy as np

from training.phantoms.lung.lattice import Array, Lattice, Tubes, edge, paint_balls
from training.phantoms.lung.shape import Shape
from training.phantoms.lung.trees import join, polyline

CORTEX, CANAL, DISC = 620.0, 24.0, 78.0  # HU; assumptions as in the spine phantom
LEVEL = 24.0  # mm between thoracic vertebrae; assumption
RIBS = 11  # pairs that are painted


def spongiosa(age: float, sex: str) -> float:
    """HU of thoracic spongiosa: 20 above the lumbar mean of the age (Pickhardt 2019: 226 at 30, 89 at 85 years)."""
    return 20.0 + float(np.interp(age, (30, 85), (226, 89))) * (1.0 if sex == "M" else 0.98)


def paint_spine(volume: Array, lattice: Lattice, shape: Shape, bone: float) -> None:
    """Bodies with shells and discs, the canal; bone: how bright mineral is against 120 kVp."""
    box = lattice.box((-1e4, -1e4, -26), (1e4, 1e4, 26))
    if box is None:
        return
    z, y, x = lattice.open(box)
    size = shape.person.half_width / 122
    wide = np.interp(z, (-140, 80), (17.5, 13.5)).astype(np.float32) * np.float32(size)
    dy = y - shape.spine(z)
    flat = np.maximum(np.abs(x / wide), 0) ** 2.4 + np.abs(dy / (wide * 0.85)) ** 2.4
    depth = np.asarray((1 - flat) * wide / np.float32(2.4), np.float32)
    part = volume[box]
    at = np.asarray(np.abs((z + 6) % LEVEL - LEVEL / 2), np.float32)  # 0 in the middle of a body
    disc = edge(at - np.float32(LEVEL / 2 - 2.2), lattice.pixel)
    plate = edge(at - np.float32(LEVEL / 2 - 3.6), lattice.pixel) - disc
    marrow = spongiosa(shape.person.age, shape.person.sex) * bone
    shell = 1 - edge(depth - np.float32(1.2), lattice.pixel)
    inside = np.maximum(shell, plate * np.float32(0.8))
    value = np.float32(marrow) + inside * np.float32(CORTEX * 0.8 * bone - marrow)
    value = value + disc * (np.float32(DISC) - value)
    part += edge(depth, lattice.pixel) * (value - part)
    hole = np.sqrt((x / np.float32(1.15)) ** 2 + (dy - wide * 0.85 - 8) ** 2)
    part += edge(np.asarray(np.float32(8.0) - hole, np.float32), lattice.pixel) * (np.float32(CANAL) - part)


def _arches(shape: Shape) -> Tubes:
    """Pedicles, laminae, transverse and spinous processes."""
    out = []
    low, high = shape.floor - 30, shape.top + 50
    start = np.arange(np.floor(low / LEVEL), np.ceil(high / LEVEL)) * LEVEL + 9
    for z in start:
        c = float(shape.spine(np.array([z], np.float32))[0])
        w = 0.85 * float(np.interp(z, (-140, 80), (17.5, 13.5)))
        for side in (-1.0, 1.0):
            out.append(polyline(np.array([[side * 11, c + w - 3, z], [side * 12, c + w + 9, z]]), np.array([3.6, 3.6])))
            out.append(
                polyline(np.array([[side * 12, c + w + 9, z], [side * 33, c + w + 20, z + 3]]), np.array([4.6, 4.2]))
            )
            lamina = np.array([[side * 12, c + w + 9, z], [side * 2, c + w + 20, z - 6]])
            out.append(polyline(lamina, np.array([3.4, 3.4])))
        out.append(polyline(np.array([[0, c + w + 20, z - 6], [0, c + w + 38, z - 26]]), np.array([3.4, 3.0])))
    return join(out)


def rib_lines(shape: Shape) -> list[np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    """Both sides' ribs as polylines (N, 3): from the spine round the cage, falling to the front."""
    out = []
    for k in range(RIBS):
        z0 = shape.top + 14 - k * LEVEL
        reach = float(np.interp(k, (0, 1, 7, 10), (0.90, 0.93, 0.93, 0.62)))
        fall = float(np.interp(k, (0, 2, 6, 10), (46, 84, 122, 120))) * shape.person.back / 88
        for side in (-1.0, 1.0):
            t = np.linspace(0.03, reach, 26)
            angle = np.pi / 2 - t * np.pi
            z = (z0 - fall * np.sin(np.minimum(t, 0.8) * np.pi / 1.6)).astype(np.float32)
            half, front, back = (a.astype(float) for a in shape.profile(z))
            middle, high = (front + back) / 2, (back - front) / 2
            c, s = np.cos(angle), np.sin(angle)
            away = (np.abs(c) ** 2.3 + np.abs(s) ** 2.3) ** (-1 / 2.3)
            x = side * np.abs(c) * away * (half + 4.5)
            out.append(np.stack([x, middle + s * away * (high + 4.5), z.astype(float)], 1))
    return out


def _ribs(shape: Shape) -> tuple[Tubes, Tubes]:
    """Bony ribs and their cartilages."""
    bony, soft = [], []
    high = np.array([0.0, 0.0, 2.4])
    for line in rib_lines(shape):
        bone = len(line) - 4
        for shift in (-high, high):
            bony.append(polyline(line[:bone] + shift, np.full(bone, 3.7)))
            soft.append(polyline(line[bone - 1 :] + shift, np.full(len(line) - bone + 1, 3.9)))
    return join(bony), join(soft)


def _front(shape: Shape) -> Tubes:
    """Sternum, from the notch down, and collar bones."""
    z = np.linspace(shape.top - 30, shape.top - 30 - 150 * shape.person.half_width / 122, 12)
    front = shape.profile(z.astype(np.float32))[1].astype(float) - 7
    wide = np.interp(np.arange(12), (0, 3, 10, 11), (22, 14, 15, 5))
    parts = [polyline(np.stack([s * wide, front, z], 1), np.full(12, 5.2)) for s in np.linspace(-1, 1, 7)]
    for side in (-1.0, 1.0):
        start = np.array([side * 22, front[0] + 2, z[0] + 8])
        ways = np.array([[0, 0, 0], [side * 40, 4, 14], [side * 80, 26, 28], [side * 112, 46, 34]])
        parts.append(polyline(start + ways, np.array([7.0, 5.4, 5.6, 6.2])))
    return join(parts)


def _scapulae(shape: Shape) -> Tubes:
    """Blades behind the upper ribs, their spines and the heads of the humeri."""
    parts = []
    for side in (-1.0, 1.0):
        for t in np.linspace(0, 1, 22):
            z = np.linspace(shape.top - 6, shape.top - 110, 9)
            half, _, back = (a.astype(float) for a in shape.profile(z.astype(np.float32)))
            inner = 52 + 6 * np.linspace(0, 1, 9)
            outer = half + 22 - 44 * np.linspace(0, 1, 9) ** 1.5
            x = inner + (outer - inner) * t
            y = 16 + back * np.sqrt(np.clip(1 - (x / (half + 30)) ** 2, 0.02, 1)) + 6
            parts.append(polyline(np.stack([side * x, y, z], 1), np.full(9, 2.2 if 0 < t < 1 else 4.0)))
        head = np.array([side * (shape.person.half_width + 42), 34, shape.top + 12])
        parts.append(polyline(np.stack([head, head + np.array([side * 10, -4, 50])]), np.array([21.0, 13.0])))
    return join(parts)


def paint_skeleton(volume: Array, scratch: Array, lattice: Lattice, shape: Shape, bone: float) -> None:
    """All bones but the vertebral bodies: cortex, then marrow where they are thick."""
    marrow = spongiosa(shape.person.age, shape.person.sex) * 0.55 * bone
    ribs, cartilage = _ribs(shape)
    calcified = 75 + 1.2 * max(0.0, shape.person.age - 40)
    paint_balls(volume, scratch, lattice, cartilage, calcified)
    for tubes, wall in ((ribs, 1.3), (_arches(shape), 1.5), (_front(shape), 1.2), (_scapulae(shape), 1.6)):
        paint_balls(volume, scratch, lattice, tubes, CORTEX * bone)
        inner = tubes.grown(-wall)
        paint_balls(volume, scratch, lattice, inner.chosen(inner.radii > 1), marrow)
