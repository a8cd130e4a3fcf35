"""What lies in front of the spine: liver, spleen, kidneys, great vessels, bowel with gas and stool."""

from itertools import pairwise

import numpy as np

from training.phantoms.spine.anatomy import Anatomy, Phase
from training.phantoms.spine.grid import Array, Grid, Vector, capsule, edge, ellipsoid, paint, smooth_noise

# HU by contrast phase: native organs 40-60, portal enhancement 100-180; assumptions within textbook ranges
TISSUES = ("liver", "spleen", "kidney", "medulla", "aorta", "cava", "muscle", "bone")  # the last two: added HU
ENHANCED: dict[Phase, dict[str, float]] = {
    "native": dict(zip(TISSUES, (56, 48, 32, 30, 42, 40, 0, 0), strict=True)),
    "arterial": dict(zip(TISSUES, (70, 120, 170, 70, 300, 70, 5, 4), strict=True)),
    "portal": dict(zip(TISSUES, (112, 118, 185, 165, 155, 150, 14, 9), strict=True)),
    "late": dict(zip(TISSUES, (92, 95, 140, 190, 110, 112, 18, 8), strict=True)),
}  # fmt: skip
GAS, STOOL, FLUID = -960.0, 5.0, 22.0  # assumptions
VISCERAL_FAT = -98.0


def paint_organs(
    volume: Array, cavity: Array, grid: Grid, anatomy: Anatomy, rng: np.random.Generator, *, bowel: bool = True
) -> None:
    """Everything inside the cavity, from the bowel to the great vessels."""
    hu = ENHANCED[anatomy.phase]
    wide = anatomy.half_width - anatomy.subcutaneous[1] - 14
    front = anatomy.front + anatomy.subcutaneous[0] + 10
    if bowel:
        _small_bowel(volume, cavity, grid, anatomy, rng)
        _large_bowel(volume, cavity, grid, anatomy, rng, wide=wide, front=front)
    steatosis = max(0.0, float(rng.normal(-2, 12)))
    top, l1 = anatomy.vertebra("T11").centre, anatomy.vertebra("L1").centre
    drop = rng.normal(0, 12)
    solid = [
        ((-0.52 * wide, -28 + top[1] * 0.6, top[2] - 8 + drop), (0.50 * wide, 66, 78), hu["liver"] - steatosis),
        ((-0.05 * wide, 0.62 * front + top[1] * 0.5, top[2] + 12), (0.55 * wide, 34, 46), hu["liver"] - steatosis),
        ((0.74 * wide, 18 + top[1] * 0.7, top[2] - 4 + rng.normal(0, 8)), (0.24 * wide, 38, 46), hu["spleen"]),
        ((0.02 * wide, -46 + l1[1], l1[2] + rng.normal(0, 6)), (0.42 * wide, 12, 15), hu["liver"] - 12),  # pancreas
    ]
    for centre, half, value in solid:
        found = ellipsoid(grid, centre, half)
        if found is not None:
            box, cover = found
            cover = cover * cavity[box]
            paint(volume, box, cover, float(value) + smooth_noise(rng, grid, box, 9.0) * np.float32(3.5))
    for side in (-1.0, 1.0):
        _kidney(volume, grid, anatomy, rng, side=side, hu=hu)
    _vessels(volume, grid, anatomy, rng, hu)


def _small_bowel(volume: Array, cavity: Array, grid: Grid, anatomy: Anatomy, rng: np.random.Generator) -> None:
    """Loops as the thresholded folds of a random field, in front of and below the kidneys."""
    start = float(anatomy.vertebra("L1").centre[2]) + 10
    box = grid.box((-1e4, -1e4, -1e4), (start, float(anatomy.vertebra("L3").centre[1]) - 4, 1e4))
    if box is None:
        return
    z, y, _ = grid.open(box)
    field = smooth_noise(rng, grid, box, 17.0)
    bumpy = smooth_noise(rng, grid, box, 30.0) * np.float32(14)
    ahead = np.clip((float(anatomy.vertebra("L3").centre[1]) - 34 + bumpy - y) / 8, 0, 1)
    fullness = rng.uniform(-0.25, 0.5) - 0.03 * (anatomy.bmi - 26)
    loops = np.clip((np.float32(0.85 + fullness) - np.abs(field - 0.3)) * 4, 0, 1) * cavity[box]
    loops = loops * np.clip((start - z + bumpy) / 8, 0, 1) * ahead
    inside = np.clip((np.float32(0.55 + fullness) - np.abs(field - 0.3)) * 5, 0, 1)
    enhancing = 0.0 if anatomy.phase == "native" else 45.0
    value = np.float32(42 + enhancing) + inside * np.float32(FLUID - 42 - enhancing)
    paint(volume, box, np.asarray(loops, np.float32), np.asarray(value, np.float32))


def _large_bowel(
    volume: Array, cavity: Array, grid: Grid, anatomy: Anatomy, rng: np.random.Generator, *, wide: float, front: float
) -> None:
    """Ascending, transverse and descending colon and the stomach: stool below, gas above, as a patient lies."""
    l2, l5, s1 = (anatomy.vertebra(k).centre for k in ("L2", "L5", "S1"))
    high = float(l2[2]) + rng.uniform(-10, 35)
    sag = float(rng.uniform(0, 60))
    path = [(-0.78, 0.15, l5[2] - 10), (-0.80, 0.10, l2[2]), (-0.70, 0.35, high), (-0.30, 0.82, high - 0.7 * sag),
            (0.15, 0.84, high - sag), (0.62, 0.55, high + 10), (0.84, 0.05, high + 12), (0.86, 0.02, l5[2]),
            (0.60, 0.25, s1[2] - 15)]  # fmt: skip
    points = [np.array([x * wide, f * front, float(z)]) for x, f, z in path]
    fill = rng.uniform(0, 1)
    for a, b in pairwise(points):
        count = max(2, int(np.linalg.norm(b - a) / 17))
        for t in np.linspace(0, 1, count, endpoint=False):
            at = a + (b - a) * t + rng.normal(0, 2.5, 3)
            _sac(volume, cavity, grid, rng, centre=at, radius=rng.uniform(11, 19), gas=fill)
    if rng.random() < 0.8:  # stomach
        centre = np.array([0.38 * wide, 0.62 * front, float(l2[2]) + 62 + rng.normal(0, 8)])
        _sac(volume, cavity, grid, rng, centre=centre, radius=float(rng.uniform(26, 44)), gas=rng.uniform(0, 1))
    for _ in range(int(rng.integers(0, 7))):  # gas in small bowel
        centre = np.array([rng.uniform(-0.6, 0.6) * wide, rng.uniform(0.45, 0.85) * front, rng.uniform(s1[2], l2[2])])
        _sac(volume, cavity, grid, rng, centre=centre, radius=float(rng.uniform(6, 12)), gas=1.0)


def _sac(
    volume: Array, cavity: Array, grid: Grid, rng: np.random.Generator, *, centre: Vector, radius: float, gas: float
) -> None:
    half = tuple(radius * rng.uniform(0.8, 1.25, 3))
    found = ellipsoid(grid, centre.tolist(), half)
    if found is None:
        return
    box, cover = found
    cover = cover * cavity[box]
    paint(volume, box, cover, 38.0)
    inner = ellipsoid(grid, centre.tolist(), [max(2.0, h - 2.5) for h in half])
    if inner is None:
        return
    box, cover = inner
    cover = cover * cavity[box]
    _, y, _ = grid.open(box)
    level = np.float32(centre[1] + radius * (1.6 * (gas + rng.normal(0, 0.25)) - 0.9))
    content = STOOL + smooth_noise(rng, grid, box, 6.0) * np.float32(45) - 30
    air = edge(level - y, grid.voxel)
    paint(volume, box, cover, np.asarray(content * (1 - air) + GAS * air, np.float32))


def _kidney(
    volume: Array, grid: Grid, anatomy: Anatomy, rng: np.random.Generator, *, side: float, hu: dict[str, float]
) -> None:
    """Cortex, medulla and sinus fat; the axis leans along the psoas."""
    l2 = anatomy.vertebra("L2").centre
    centre = l2 + np.array([side * (64 + rng.normal(0, 3)), 8 + rng.normal(0, 3), 14 + 6 * side + rng.normal(0, 8)])
    lean = side * 0.25
    frame = np.array([[np.cos(lean), 0, np.sin(lean)], [0, 1, 0], [-np.sin(lean), 0, np.cos(lean)]])
    size = rng.uniform(0.88, 1.1)
    sinus = centre + np.array([-side * 10, -2.0, 0])
    for at, half, value in (
        (centre, (27 * size, 25 * size, 54 * size), hu["kidney"]),
        (centre, (19 * size, 17 * size, 45 * size), hu["medulla"]),
        (sinus, (12 * size, 9 * size, 28 * size), -70.0),
        (sinus, (4.0, 3.5, 16.0), 8.0 if anatomy.phase != "late" else 400.0),
    ):
        found = ellipsoid(grid, at.tolist(), half, frame)
        if found is not None:
            paint(volume, found[0], found[1], float(value))


def vessel_lines(anatomy: Anatomy) -> dict[str, tuple[list[Vector], float]]:
    """Aorta, cava and common iliac vessels: points (x, y, z) mm and radius; the aorta divides at L4."""
    radius = anatomy.aorta / 2
    at = {k: anatomy.vertebra(k) for k in ("T10", "T12", "L2", "L4", "S1")}

    def before(level: str, x: float, gap: float) -> Vector:
        v = at[level]
        return v.place(x, -v.depth / 2 - gap, 0)

    fork, join = before("L4", 3, radius + 3), before("L4", -16, 11) - np.array([0, 0, 18.0])
    low = at["S1"].centre
    lines = {
        "aorta": ([before("T10", 12, radius), before("T12", 6, radius + 4), before("L2", 7, radius + 3), fork], radius),
        "cava": ([before("T10", -24, 30), before("T12", -22, 22), before("L2", -20, 11), join], 10.5),
    }
    for side in (-1.0, 1.0):
        lines[f"artery{side}"] = (
            [fork, low + np.array([side * 36, -42.0, -8]), low + np.array([side * 60, -62.0, -60])],
            5.5,
        )
        lines[f"vein{side}"] = (
            [join, low + np.array([side * 40, -34.0, -12]), low + np.array([side * 62, -52.0, -60])],
            6.5,
        )
    return lines


def _vessels(volume: Array, grid: Grid, anatomy: Anatomy, rng: np.random.Generator, hu: dict[str, float]) -> None:
    for name, (points, radius) in vessel_lines(anatomy).items():
        value = hu["aorta"] if name.startswith("a") else hu["cava"]
        for a, b in pairwise(points):
            found = capsule(grid, a, b, (radius, radius))
            if found is not None:
                paint(volume, found[0], found[2], float(value))
        if name in {"aorta", "artery-1.0", "artery1.0"}:
            for _ in range(int(anatomy.calcified * rng.uniform(6, 26))):
                k = int(rng.integers(len(points) - 1))
                at = points[k] + (points[k + 1] - points[k]) * rng.random()
                turn, along = rng.uniform(0, 2 * np.pi), rng.uniform(2, 7)
                at = at + np.array([np.cos(turn), np.sin(turn), 0]) * radius
                spot = ellipsoid(grid, at.tolist(), (1.4, 1.4, along))
                if spot is not None:
                    paint(volume, spot[0], spot[1], float(rng.uniform(500, 1100)))
