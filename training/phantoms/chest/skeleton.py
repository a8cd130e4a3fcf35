"""Spine, ribs, clavicles, scapulae, humeri as mm of bone mineral beyond soft tissue."""

import numpy as np

from training.phantoms.canvas import Array, Canvas, Point, curve
from training.phantoms.chest.anatomy import VERTEBRA, Anatomy
from training.phantoms.chest.organs import APEX, cage_half_width, level

RIBS = 11
RIB_HEIGHT = 13.0  # mm, adult rib seen from the front; assumption
WALL = 2.1  # mm of cortex crossed at a rib's face; assumption


def skeleton(anatomy: Anatomy, canvas: Canvas, rng: np.random.Generator) -> Array:
    """Bone (mm of mineral-rich tissue) along each ray."""
    bone = spine(anatomy, canvas) + clavicles(anatomy, canvas) + _shoulders(anatomy, canvas)
    posterior, anterior, cartilage = ribs(anatomy, canvas, rng)
    bone = bone + posterior + anterior + cartilage
    return np.asarray(bone * anatomy.bone, np.float32)


def rib_path(anatomy: Anatomy, number: int, side: int, start: float, stop: float) -> list[Point]:
    """Centre line of a rib from angle start to stop (radians; 0 at the spine, pi/2 at the side, pi at the sternum)."""
    h = anatomy.lung_height
    pitch = 1.02 * h / 9.2
    origin = -APEX * h + (number - 0.75 + 0.25 * anatomy.rib_phase) * pitch
    fall = anatomy.rib_slope * (0.42 if number == 1 else 0.75 if number == 2 else 1.0)
    angles = np.linspace(start, stop, 26)
    y = origin + fall * ((1 - np.cos(angles)) / 2) ** anatomy.rib_bend - 7 * np.sin(2 * angles).clip(0)
    t_side = np.asarray((origin + 0.42 * fall + APEX * h) / h, np.float32)
    reach = float(cage_half_width(anatomy, t_side)) + 3
    spine = 16 * anatomy.half_width / 140
    x = spine + (reach - spine) * np.sin(angles) ** 0.85
    return [(float(side * u), float(v)) for u, v in zip(x, y, strict=True)]


def ribs(anatomy: Anatomy, canvas: Canvas, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Posterior arcs, anterior arcs, and calcified cartilages."""
    size = RIB_HEIGHT * anatomy.half_width / 140
    backs, fronts, ends = [], [], []
    for number in range(1, RIBS + 1):
        for side in (-1, 1):
            back = rib_path(anatomy, number, side, 0.02, np.pi / 2)
            front = rib_path(anatomy, number, side, np.pi / 2, np.pi * rng.uniform(*anatomy.rib_end))
            backs += [(back, size, 3.4 * WALL), (back, size * 0.72, 2.3 * WALL)]
            if number < 9:
                fronts += [(front, size * 1.05, 2.3 * WALL), (front, size * 0.75, 1.4 * WALL)]
                tip = front[-1]
                if anatomy.calcified > 0.15:
                    on = (tip[0] - side * rng.uniform(8, 22), tip[1] + rng.uniform(-2, 9))
                    ends.append(([tip, on], size * 0.8, 2.2 * anatomy.calcified * rng.uniform(0.4, 1)))
    cartilage = canvas.lines(ends, blur=1.5) if ends else canvas.zeros()
    if ends:
        cartilage = cartilage * np.clip(0.6 + 0.6 * canvas.noise(rng, 6), 0, 1.6)
    # the rib's side, seen along its length
    t = level(anatomy, canvas.y)
    u = np.abs(canvas.x) / (cage_half_width(anatomy, t) + 3)
    tangent = 1 + 0.45 * np.clip((u - 0.80) / 0.2, 0, 1) ** 2
    arcs = [np.asarray(canvas.lines(strokes, blur=0.9) * tangent, np.float32) for strokes in (backs, fronts)]
    return arcs[0], arcs[1], np.asarray(cartilage, np.float32)


def spine(anatomy: Anatomy, canvas: Canvas) -> Array:
    """Vertebral bodies, discs, pedicles and spinous processes."""
    scale = anatomy.lung_height / 243
    half = (15.5 + 2.8 * np.clip(level(anatomy, canvas.y), 0, 1.4)) * anatomy.half_width / 140
    pitch = VERTEBRA * scale if anatomy.vertebra is None else anatomy.vertebra
    share = anatomy.body_share
    phase = ((canvas.y / pitch) % 1.0 - 0.5) * 2  # -1..1 within a segment
    disc = np.clip((np.abs(phase) - share) / 0.1, 0, 1)
    waist = half * (0.9 + 0.1 * np.abs(phase) ** 3)
    inside = canvas.edge(waist - np.abs(canvas.x), 1.5)
    endplate = np.exp(-(((np.abs(phase) - share) / 0.09) ** 2))
    body = inside * ((1 - disc) * (4.2 + 2.5 * (np.abs(canvas.x) / half) ** 4) + 1.6 * endplate)
    extra = canvas.zeros()
    rows = np.arange(np.floor(canvas.top / pitch), np.ceil((canvas.top + canvas.rows * canvas.pitch) / pitch)) + 0.5
    strokes = []
    for row in rows * pitch:
        for side in (-1, 1):
            x = side * 9.5 * anatomy.half_width / 140
            ring = [(x + 3.6 * np.cos(a), row - 4 + 5.0 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 9)]
            strokes.append((ring, 1.8, 4.0))
            strokes.append(([(x * 1.3, row - 6), (side * 34 * anatomy.half_width / 140, row - 10)], 7.0, 1.6))
        strokes.append(([(anatomy.tilt * -0.3, row), (anatomy.tilt * -0.3, row + 9)], 4.5, 4.5))
    extra += canvas.lines(strokes, blur=1.0)
    return np.asarray(body + extra, np.float32)


def clavicles(anatomy: Anatomy, canvas: Canvas) -> Array:
    """S-shaped collar bones, raised when the arms are down."""
    h, w = anatomy.lung_height, anatomy.half_width
    layer = canvas.zeros()
    for side in (-1, 1):
        inner = (side * 14 + anatomy.tilt * 0.9, -0.30 * h)
        lift = 0.14 * h if anatomy.view == "AP" else 0.09 * h
        path = curve([inner, (side * 0.36 * w, -0.34 * h), (side * 0.75 * w, -0.38 * h - lift * 0.5),
                      (side * 1.08 * w, -0.36 * h - lift)])  # fmt: skip
        size = 12 * w / 140
        layer += canvas.lines([(path, size, 11.5), (path, size * 0.68, 7.5)], blur=0.9)
    manubrium = canvas.ellipsoid((anatomy.tilt * 0.8, -0.2 * h), (20 * w / 140, 0.12 * h), 2.5)
    return layer + manubrium


def _shoulders(anatomy: Anatomy, canvas: Canvas) -> Array:
    """Scapulae and the heads and shafts of the humeri."""
    h, w = anatomy.lung_height, anatomy.half_width
    layer = canvas.zeros()
    for side in (-1, 1):
        joint = add_scapula(layer, anatomy, canvas, side)
        layer += canvas.ellipsoid(joint, (0.17 * w, 0.17 * w), 14)
        elbow = (joint[0] + side * (0.30 if anatomy.view == "PA" else 0.12) * w, joint[1] + 1.1 * h)
        arm = [joint, elbow]
        layer += canvas.lines([(arm, 0.19 * w, 12.0), (arm, 0.11 * w, 6.5)], blur=1.5)
    return layer


def add_scapula(layer: Array, anatomy: Anatomy, canvas: Canvas, side: int) -> Point:
    """Add one shoulder blade to the layer and return the shoulder joint (mm) that it carries."""
    h, w = anatomy.lung_height, anatomy.half_width
    outward = w * (1.08 - 0.28 * anatomy.scapula_in)
    blade = [(side * (outward - 0.22 * w), -0.36 * h), (side * (outward + 0.26 * w), -0.34 * h),
             (side * (outward + 0.10 * w), 0.06 * h), (side * (outward - 0.02 * w), 0.20 * h),
             (side * (outward - 0.10 * w), 0.02 * h)]  # fmt: skip
    layer += 2.2 * canvas.polygon(blade, blur=1.2)
    layer += canvas.lines([([*blade, blade[0]], 3.4, 4.0), ([blade[1], blade[2], blade[3]], 6.0, 7.5)], blur=1.0)
    spine = curve([(side * (outward - 0.18 * w), -0.28 * h), (side * (outward + 0.2 * w), -0.42 * h),
                   (side * (outward + 0.42 * w), -0.45 * h)])  # fmt: skip
    layer += canvas.lines([(spine, 9.0, 5.0), (spine, 6.0, 3.2)], blur=1.0)
    return (side * (outward + 0.34 * w), -0.33 * h)
