"""Muscles of the trunk: columns along the spine and the abdominal wall, infiltrated by fat to a wanted attenuation."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.phantoms.spine.anatomy import MUSCLE_SHARE, Anatomy
from training.phantoms.spine.grid import Array, Box, Grid, edge, paint, smooth_noise
from training.phantoms.spine.trunk import FAT

LABELS = {"psoas": 1, "erector_spinae": 2, "multifidus": 3, "quadratus": 4, "wall": 5, "other": 6}
SKELETAL = (-29.0, 150.0)  # HU of skeletal muscle in the definition of area and attenuation (van der Werf 2018)
STREAKINESS = {
    "psoas": 0.35,
    "erector_spinae": 1.15,
    "multifidus": 1.7,
    "quadratus": 0.7,
    "wall": 0.6,
    "other": 0.9,
}  # assumption
LOWER = {
    "psoas": 0.0,
    "erector_spinae": 0.55,
    "multifidus": 0.8,
    "quadratus": 0.2,
    "wall": 0.0,
    "other": 0.0,
}  # more fat by L5 [A]
BELOW = "below"  # 70 mm below S1
# Drawn larger by what bones, overlaps and streaks take from the area; fitted
LOST = {"psoas": 1.14, "erector_spinae": 1.35, "multifidus": 1.22, "quadratus": 1.12}


@dataclass(frozen=True)
class Column:
    """Sections by level: (level, offset from the spine aside and backwards, half axes aside and deep, tilt in rad)."""

    knots: tuple[tuple[str, float, float, float, float, float], ...]
    power: float = 2.3


COLUMNS = {
    "gluteal": Column((
        ("L4", 104, 26, 2, 6, 0.6), ("L5", 106, 36, 15, 42, 0.7), ("S1", 104, 40, 26, 60, 0.8),
        (BELOW, 108, 34, 30, 66, 0.8),
    )),
    "iliacus": Column((
        ("L4", 96, 16, 1, 6, 0.6), ("L5", 82, 10, 8, 36, 0.7), ("S1", 78, 0, 13, 44, 0.8),
        (BELOW, 80, -26, 13, 30, 0.8),
    )),
    "quadratus": Column((
        ("T12", 34, 20, 3, 4, -0.2), ("L1", 44, 21, 6, 8, -0.4), ("L2", 56, 23, 9, 14, -0.5),
        ("L3", 66, 22, 11, 18, -0.5), ("L4", 74, 22, 12, 17, -0.4), ("L5", 78, 24, 3, 4, -0.3),
    )),
    "psoas": Column((
        ("T12", 20, 2, 2, 4, 0.0), ("L1", 24, 3, 7, 10, 0.1), ("L2", 31, 2, 13, 16, 0.15), ("L3", 38, 0, 18, 20, 0.2),
        ("L4", 45, -4, 20, 22, 0.25), ("L5", 51, -16, 19, 20, 0.2), ("S1", 62, -38, 19, 17, 0.1),
        (BELOW, 80, -52, 18, 17, 0.1),
    )),
    "erector_spinae": Column((
        ("T10", 30, 46, 23, 12, 0.2), ("T12", 35, 50, 27, 16, 0.15), ("L1", 39, 52, 31, 19, 0.1),
        ("L2", 42, 53, 33, 21, 0.1), ("L3", 43, 54, 33, 22, 0.05), ("L4", 41, 56, 30, 20, 0.0),
        ("L5", 38, 60, 24, 14, -0.1), ("S1", 30, 52, 10, 8, -0.2),
    ), power=2.6),
    "multifidus": Column((
        ("T10", 8, 40, 5, 9, 0.0), ("T12", 9, 42, 6, 11, 0.0), ("L1", 10, 44, 7, 12, 0.0), ("L2", 11, 46, 8, 13, 0.0),
        ("L3", 13, 48, 10, 14, 0.0), ("L4", 17, 52, 15, 16, 0.0), ("L5", 22, 54, 20, 16, 0.0),
        ("S1", 22, 42, 18, 12, 0.0),
    )),
}  # fmt: skip


@dataclass(frozen=True)
class Muscles:
    """Cover of all muscle (Z, Y, X), labels, and the share replaced by streaks of fat."""

    cover: Array
    labels: npt.NDArray[np.uint8]
    streaks: Array


def column(grid: Grid, anatomy: Anatomy, name: str, side: float, scale: float) -> tuple[Box, Array] | None:
    """Cover of one muscle on one side (-1 right, 1 left)."""
    shape = COLUMNS[name]
    s1 = anatomy.vertebra("S1").centre
    at = [s1 - np.array([0, 0, 70.0]) if k[0] == BELOW else anatomy.vertebra(k[0]).centre for k in shape.knots]
    height = np.array([p[2] for p in at])
    order = np.argsort(height)
    box = grid.box((height.min() - 1, -1e4, -1e4), (height.max() + 1, 1e4, 1e4))
    if box is None:
        return None
    z = grid.axes[0][box[0]]
    size = anatomy.vertebra("L3").width / 44.5

    def along(values: list[float]) -> Array:
        return np.asarray(np.interp(z, height[order], np.asarray(values)[order])[:, None, None], np.float32)

    # the inner edge, and behind the spine the front edge, stay in place when a muscle is larger or smaller
    grown = scale - size
    x0 = along([p[0] + side * (k[1] * size + k[3] * grown) for p, k in zip(at, shape.knots, strict=True)])
    y0 = along([p[1] + k[2] * size + k[4] * grown * (k[2] > 30) for p, k in zip(at, shape.knots, strict=True)])
    a, b = along([k[3] * scale for k in shape.knots]), along([k[4] * scale for k in shape.knots])
    tilt = side * along([k[5] for k in shape.knots])
    box = grid.box(
        (height.min() - 1, float((y0 - a - b).min()), float((x0 - a - b).min())),
        (height.max() + 1, float((y0 + a + b).max()), float((x0 + a + b).max())),
    )
    if box is None:
        return None
    _, y, x = grid.open(box)
    dx, dy, cos, sin = x - x0, y - y0, np.cos(tilt), np.sin(tilt)
    u, v = np.abs(dx * cos + dy * sin) / a, np.abs(dy * cos - dx * sin) / b
    inside = 1 - u**shape.power - v**shape.power
    return box, edge(np.asarray(inside * np.minimum(a, b) / np.float32(shape.power), np.float32), grid.voxel)


def scale_of(anatomy: Anatomy, name: str) -> float:
    """How much a muscle's section is enlarged so that both sides together have their share of the area at L3."""
    if name not in MUSCLE_SHARE:
        return float(np.sqrt(anatomy.muscle_area / 130))
    knot = next(k for k in COLUMNS[name].knots if k[0] == "L3")
    power = COLUMNS[name].power
    drawn = 2 * 4 * knot[3] * knot[4] * _quarter(power) / 100
    return float(np.sqrt(MUSCLE_SHARE[name] * anatomy.muscle_area / drawn * LOST[name]))


def _quarter(power: float) -> float:
    """Area of a quarter of a superellipse with half axes 1."""
    t = np.linspace(0, 1, 400)
    return float(np.trapezoid((1 - t**power) ** (1 / power), t))


def build_muscles(grid: Grid, anatomy: Anatomy, wall: Array, rng: np.random.Generator) -> Muscles:
    """Lay out all muscles; wall: cover of the abdominal wall, which becomes theirs."""
    labels = np.zeros(grid.shape, np.uint8)
    labels[wall > 0.5] = LABELS["wall"]
    amount = np.zeros(grid.shape, np.float32)
    whole = (slice(0, grid.shape[0]), slice(0, grid.shape[1]), slice(0, grid.shape[2]))
    field = smooth_noise(rng, grid, whole, 7.0)
    cover = wall
    amount[wall > 0] = anatomy.streaks * STREAKINESS["wall"]
    low = anatomy.vertebra("L1").centre[2], anatomy.vertebra("L5").centre[2]
    for name in COLUMNS:
        for side in (-1.0, 1.0):
            found = column(grid, anatomy, name, side, scale_of(anatomy, name))
            if found is None:
                continue
            box, part = found
            np.maximum(cover[box], part, out=cover[box])
            inside = part > 0.5
            kind = name if name in LABELS else "other"
            labels[box][inside] = LABELS[kind]
            z = grid.axes[0][box[0]][:, None, None]
            down = np.clip((low[0] - z) / max(low[0] - low[1], 1), 0, 1)
            share = anatomy.streaks * STREAKINESS[kind] * (1 + LOWER[kind] * (2 * down - 0.6))
            amount[box] = np.where(part > 0.05, np.broadcast_to(share, part.shape), amount[box])
    limit = 1.9 - 2.35 * np.sqrt(np.clip(amount, 0, 0.6))  # about this share of a normal field lies above it
    streaks = np.clip((field - limit) * np.float32(1.4), 0, 1) * (amount > 0)
    return Muscles(cover, labels, np.asarray(streaks, np.float32))


def paint_muscles(volume: Array, grid: Grid, anatomy: Anatomy, muscles: Muscles, contrast: float) -> float:
    """Paint them so that muscle at L3 has the wanted attenuation; returns the HU of the fibres.

    contrast: HU added by contrast medium.
    """
    z = round(grid.index(tuple(anatomy.vertebra("L3").keypoint))[0])
    slab = grid.slab(z)
    inside = muscles.labels[slab] > 0
    fat, cover = muscles.streaks[slab][inside], muscles.cover[slab][inside]
    base = anatomy.muscle_hu
    for _ in range(5):
        hu = cover * (base * (1 - fat) + FAT * fat) + (1 - cover) * FAT
        lean = hu[hu >= SKELETAL[0]]
        base += anatomy.muscle_hu - float(lean.mean()) if lean.size else 0.0
    base = float(np.clip(base, 0, 75)) + contrast
    whole = (slice(0, grid.shape[0]), slice(0, grid.shape[1]), slice(0, grid.shape[2]))
    paint(volume, whole, muscles.cover, np.asarray(base + muscles.streaks * np.float32(FAT - base), np.float32))
    return base
