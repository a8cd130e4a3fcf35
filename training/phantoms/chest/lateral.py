"""A left lateral chest radiograph: for showing that a frontal model refuses it. Simpler than the frontal phantom."""

import numpy as np

from training.phantoms import physics
from training.phantoms.canvas import Array, Canvas, curve
from training.phantoms.chest.anatomy import Anatomy, draw_anatomy
from training.phantoms.chest.disease import Truth
from training.phantoms.chest.hazard import draw_outcome
from training.phantoms.chest.phantom import Phantom, draw_age

NOTHING = Truth(extent_right=0.0, extent_left=0.0, zones=(0.0,) * 6, effusion_right=0.0, effusion_left=0.0)


def make_lateral(seed: int, *, longest_side: int = 320, age: float | None = None) -> Phantom:
    """A lateral view; the patient faces the left edge of the picture (the spine is at the right).

    Raises
    ------
    ValueError
        If longest_side is below 64.
    """
    if longest_side < 64:
        raise ValueError(f"longest_side must be at least 64, got {longest_side}")
    rng = np.random.default_rng([seed, 21])
    years = draw_age(rng) if age is None else age
    anatomy = draw_anatomy(rng, age=years, sex="M" if rng.random() < 0.55 else "F", view="PA")
    height, width = 430.0 * rng.uniform(0.85, 1.0), 350.0 * rng.uniform(0.85, 1.0)
    pitch = height / longest_side
    canvas = Canvas(
        rows=longest_side, columns=round(width / pitch), pitch=pitch,
        left=-width / 2 + rng.normal(0, 8), top=-height * 0.42 + rng.normal(0, 8),
    )  # fmt: skip
    lung = _lung(anatomy, canvas)
    soft = _body(anatomy, canvas) - (1 - physics.LUNG_DENSITY) * lung + 3 * canvas.noise(rng, 30)
    bone = _bones(anatomy, canvas)
    beam = physics.draw_beam(rng, portable=False)
    signal = physics.expose(canvas, np.asarray(np.clip(soft, 0, None), np.float32), bone, beam, rng)
    mask = np.asarray(lung > 0.3 * lung.max(), np.float32)
    pixels = np.ascontiguousarray(physics.develop(canvas, signal, beam, mask), np.float32)
    return Phantom(
        seed=seed, age=years, sex=anatomy.sex, view="LL", pixels=pixels, spacing=(pitch, pitch), anatomy=anatomy,
        truth=NOTHING, outcome=draw_outcome(NOTHING, years, rng), mask=mask,
    )  # fmt: skip


def _body(anatomy: Anatomy, canvas: Canvas) -> Array:
    """Trunk seen from the side, with arms raised before the face, mm."""
    depth, h = anatomy.depth + 0.8 * anatomy.wall, anatomy.lung_height
    t = canvas.y / h
    half = 1.12 * depth * (0.68 + 0.32 * np.clip((t + 0.62) / 0.5, 0, 1))
    profile = np.clip(1 - np.abs((canvas.x + 4) / half) ** 3, 0, None) ** 0.4
    trunk = 1.7 * (anatomy.half_width + 0.6 * anatomy.wall) * profile
    arm = canvas.lines([([(-10, -0.42 * h), (-0.8 * depth, -0.75 * h)], 80, 90.0)], blur=8)
    breast = canvas.ellipsoid((-depth, 0.12 * h), (34, 0.2 * h), 3 * anatomy.breast)
    return np.asarray(np.maximum(trunk + arm, breast), np.float32)


def _lung(anatomy: Anatomy, canvas: Canvas) -> Array:
    """Both lungs laid over each other, less the heart and the mediastinum, mm."""
    depth, h = anatomy.depth, anatomy.lung_height
    t = (canvas.y + 0.45 * h) / h
    half = depth * np.interp(t, (0, 0.1, 0.35, 0.7, 1.2), (0.35, 0.6, 0.9, 1.0, 1.0))
    chord = 1.55 * anatomy.half_width * np.sqrt(np.clip(1 - (canvas.x / half) ** 2, 0, None))
    floor = 0.42 * h + 0.22 * h * np.clip((canvas.x + 0.6 * depth) / (1.6 * depth), 0, 1) ** 2.2
    above = canvas.edge(floor - canvas.y, 4) * canvas.edge(t * h, 8)
    heart = canvas.ellipsoid((-0.34 * depth, 0.24 * h), (0.5 * depth, 0.2 * h), 120, angle=0.9)
    arch = canvas.ellipsoid((0.05 * depth, -0.14 * h), (0.34 * depth, 0.11 * h), 45)
    return np.asarray(np.clip(chord - heart - arch, 0.12 * chord, None) * above, np.float32)


def _bones(anatomy: Anatomy, canvas: Canvas) -> Array:
    """Spine as stacked blocks, sternum, ribs running down and forward, mm."""
    depth, h = anatomy.depth, anatomy.lung_height
    bone = canvas.zeros()
    for k in range(-8, 10):
        y = k * 0.1 * h
        bow = depth * (0.80 + 0.10 * np.cos(y / h * 2.2))
        size = 13 + 0.6 * k
        block = [
            (bow - size, y - 0.04 * h),
            (bow + size, y - 0.044 * h),
            (bow + size, y + 0.044 * h),
            (bow - size, y + 0.04 * h),
        ]
        bone += 16.0 * canvas.polygon(block, blur=1.2)
        bone += canvas.lines([([(bow + size, y), (bow + 2.4 * size, y + 0.05 * h)], 9, 5.0)], blur=1.5)
    plate = curve([(-0.86 * depth, -0.3 * h), (-1.02 * depth, 0.05 * h), (-1.04 * depth, 0.3 * h)])
    bone += canvas.lines([(plate, 11, 6.0), (plate, 7, 3.0)], blur=1.0)
    strokes = []
    for k in range(10):
        y = (-0.4 + 0.1 * k) * h
        path = curve([(0.8 * depth, y), (0.1 * depth, y + 0.1 * h), (-0.8 * depth, y + 0.3 * h)])
        strokes += [(path, 13.0, 5.0), (path, 9.0, 3.2)]
    return np.asarray((bone + canvas.lines(strokes, blur=1.0)) * anatomy.bone, np.float32)
