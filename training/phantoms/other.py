"""Radiographs that show no chest: limbs, joints, skulls, hips, test patterns. They teach a gate what to refuse."""

import numpy as np

from training.phantoms import physics
from training.phantoms.canvas import Array, Canvas, curve

KINDS = ("limb", "joint", "hip", "skull", "abdomen", "blobs")


def make_other(seed: int, *, longest_side: int = 128) -> Array:
    """float32 (rows, columns) in 0..1: one of KINDS, chosen by the seed.

    Raises
    ------
    ValueError
        If longest_side is below 64.
    """
    if longest_side < 64:
        raise ValueError(f"longest_side must be at least 64, got {longest_side}")
    rng = np.random.default_rng([seed, 22])
    ratio = rng.uniform(0.6, 1.0)
    rows, columns = (longest_side, round(longest_side * ratio))
    if rng.random() < 0.3:
        rows, columns = columns, rows
    pitch = 300.0 / longest_side
    canvas = Canvas(rows=rows, columns=columns, pitch=pitch, left=-columns * pitch / 2, top=-rows * pitch / 2)
    kind = KINDS[int(rng.integers(len(KINDS)))]
    soft, bone = _DRAW[kind](canvas, rng)
    beam = physics.draw_beam(rng, portable=False)
    signal = physics.expose(canvas, np.asarray(np.clip(soft, 0, None), np.float32), bone, beam, rng)
    inside = np.asarray(soft > 0.5 * np.median(soft[soft > 5]) if (soft > 5).any() else soft >= 0, np.float32)
    picture = physics.develop(canvas, signal, beam, inside)
    if rng.random() < 0.4:  # collimated
        border = rng.uniform(0, 0.25, 4) * np.array([columns, columns, rows, rows])
        r, c = np.arange(rows)[:, None], np.arange(columns)[None, :]
        shut = (c < border[0]) | (c > columns - border[1]) | (r < border[2]) | (r > rows - border[3])
        picture = np.where(shut, float(rng.random() < 0.5), picture)
    return np.ascontiguousarray(picture, np.float32)


def _tube(canvas: Canvas, points: list[tuple[float, float]], width: float, depth: float) -> Array:
    return canvas.lines([(points, width, depth), (points, width * 0.6, depth * 1.15)], blur=width * 0.08)


def _long_bone(canvas: Canvas, points: list[tuple[float, float]], width: float) -> Array:
    head = sum((canvas.ellipsoid(p, (0.9 * width, 0.9 * width), 14) for p in (points[0], points[-1])), canvas.zeros())
    return head + canvas.lines([(points, width, 14.0), (points, width * 0.55, 7.0)], blur=0.8)


def _limb(canvas: Canvas, rng: np.random.Generator) -> tuple[Array, Array]:
    angle, wide = rng.normal(0, 0.3), rng.uniform(50, 120)
    along = np.array([np.sin(angle), np.cos(angle)])
    ends = [tuple(along * k + rng.normal(0, 12, 2)) for k in (-220, 220)]
    soft = _tube(canvas, ends, wide, wide * 0.9)
    bone = _long_bone(canvas, ends, rng.uniform(14, 30))
    if rng.random() < 0.5:
        bone += _long_bone(canvas, [(x + 0.28 * wide, y) for x, y in ends], rng.uniform(7, 14))
    return soft, bone


def _joint(canvas: Canvas, rng: np.random.Generator) -> tuple[Array, Array]:
    middle = rng.normal(0, 25, 2)
    soft, bone = canvas.zeros(), canvas.zeros()
    for direction in (rng.uniform(-0.6, 0.6), np.pi + rng.uniform(-0.9, 0.9)):
        end = (middle[0] + 260 * np.sin(direction), middle[1] + 260 * np.cos(direction))
        start = (middle[0] + 9 * np.sin(direction), middle[1] + 9 * np.cos(direction))
        soft = np.maximum(soft, _tube(canvas, [start, end], rng.uniform(60, 120), 80))
        bone += _long_bone(canvas, [start, end], rng.uniform(20, 34))
    return soft, bone


def _hip(canvas: Canvas, rng: np.random.Generator) -> tuple[Array, Array]:
    side = float(rng.choice([-1, 1]))
    soft = _tube(canvas, [(side * -60, -200), (side * 10, 60)], 230, 170)
    soft = np.maximum(soft, _tube(canvas, [(side * 20, 0), (side * 90, 250)], 150, 150))
    ring = [(side * x, y) for x, y in ((-90, -110), (0, -120), (35, -20), (-20, 60), (-70, 70), (-100, 0), (-90, -110))]
    bone = canvas.lines([(curve(ring), 26, 12.0), (curve(ring), 14, 7.0)], blur=1.5)
    bone += canvas.ellipsoid((side * 40, 0), (24, 24), 26)
    bone += _long_bone(canvas, [(side * 60, 20), (side * 85, 60), (side * 90, 260)], 30)
    soft = soft - canvas.ellipsoid((side * -60, -40), (25, 18), 40)
    return soft, bone


def _skull(canvas: Canvas, rng: np.random.Generator) -> tuple[Array, Array]:
    wide, high = rng.uniform(70, 95), rng.uniform(85, 115)
    head = canvas.ellipsoid((0, -20), (wide, high), 150)
    bone = (
        0.06 * head
        + 22 * canvas.edge(head, 1)
        - 22 * canvas.edge(canvas.ellipsoid((0, -20), (wide - 7, high - 7), 150), 1)
    )
    soft = np.maximum(head, _tube(canvas, [(10, 60), (10, 260)], 100, 100))
    for side in (-1, 1):
        soft = soft - canvas.ellipsoid((side * 30, 10), (18, 14), 30)
    return soft, np.asarray(np.clip(bone, 0, None), np.float32)


def _abdomen(canvas: Canvas, rng: np.random.Generator) -> tuple[Array, Array]:
    half = rng.uniform(120, 175)
    soft = 210 * np.clip(1 - np.abs(canvas.x / half) ** 2.5, 0, None) ** 0.5 * np.ones_like(canvas.y)
    for _ in range(int(rng.integers(3, 14))):
        centre = (rng.uniform(-0.7, 0.7) * half, rng.uniform(-140, 140))
        soft = soft - canvas.ellipsoid(centre, (rng.uniform(8, 30), rng.uniform(6, 20)), 35, rng.uniform(0, 3))
    bone = canvas.zeros()
    for k in range(-5, 6):
        block = [(-20, 32 * k - 12), (20, 32 * k - 12), (22, 32 * k + 12), (-22, 32 * k + 12)]
        bone += 14.0 * canvas.polygon(block, blur=1.2)
    for side in (-1, 1):
        wing = [(side * 30, 90), (side * 115, 60), (side * 105, 130), (side * 50, 160)]
        bone += 9.0 * canvas.polygon(wing, blur=2.0)
    return np.asarray(soft, np.float32), bone


def _blobs(canvas: Canvas, rng: np.random.Generator) -> tuple[Array, Array]:
    soft = 90 + 45 * canvas.noise(rng, float(rng.uniform(15, 120)))
    return np.asarray(soft, np.float32), canvas.zeros()


_DRAW = {"limb": _limb, "joint": _joint, "hip": _hip, "skull": _skull, "abdomen": _abdomen, "blobs": _blobs}
