"""The child's outside and what a child has inside that an adult has not: head, arms, thymus, swallowed air. Units."""

import numpy as np

from training.phantoms.canvas import Array, Canvas, Point
from training.phantoms.chest.anatomy import Anatomy
from training.phantoms.chest.organs import APEX, level
from training.phantoms.child.anatomy import Arms, Child

# Direction of the upper arm from the shoulder: sideways and down, in half widths; assumption
ARM: dict[Arms, Point] = {"up": (0.42, -0.95), "aside": (0.62, 0.85), "down": (0.22, 1.05)}
ARM_LENGTH = 1.55  # shoulder to elbow, in half widths of the thorax; assumption


def shoulder(shape: Anatomy, side: int) -> Point:
    """The shoulder joint; it lies where the scapula carries it (training.phantoms.chest.skeleton.add_scapula)."""
    return side * (1.42 - 0.28 * shape.scapula_in) * shape.half_width, -0.33 * shape.lung_height


def arm(child: Child, side: int) -> tuple[Point, Point]:
    """Shoulder and elbow."""
    x, y = shoulder(child.shape, side)
    across, down = np.array(ARM[child.arms]) / np.hypot(*ARM[child.arms]) * ARM_LENGTH * child.shape.half_width
    return (x, y), (x + side * float(across), y + float(down))


def limb(canvas: Canvas, start: Point, stop: Point, radii: tuple[float, float]) -> Array:
    """Chord through a round limb that tapers from start to stop."""
    dx, dy = stop[0] - start[0], stop[1] - start[1]
    along = ((canvas.x - start[0]) * dx + (canvas.y - start[1]) * dy) / (dx * dx + dy * dy)
    along = np.clip(along, 0, 1)
    radius = radii[0] + along * (radii[1] - radii[0])
    away = (canvas.x - start[0] - along * dx) ** 2 + (canvas.y - start[1] - along * dy) ** 2
    return np.asarray(2 * np.sqrt(np.clip(radius**2 - away, 0, None)), np.float32)


def body(child: Child, canvas: Canvas) -> Array:
    """Path length through trunk, neck, head and arms, as if solid."""
    shape = child.shape
    t, w, h = level(shape, canvas.y), shape.half_width, shape.lung_height
    neck = 0.36 * child.head + 0.12 * w
    tip = abs(shoulder(shape, 1)[0]) + 0.12 * w
    side = w + shape.wall
    at = (-0.55, -0.30, -0.16, -0.04, 0.06, 0.16, 0.34, 0.6, 1.0, 1.35, 2.2)
    belly = side * (0.97 if shape.age > 4 else 1.02)
    wide = (neck, neck, 1.15 * neck, 0.55 * (neck + tip), 0.9 * tip, 0.97 * tip, 1.02 * side, side, side, belly, belly)
    outline = canvas.blurred(np.asarray(np.interp(t, at, wide), np.float32), 0.03 * h)
    depth = (shape.depth + 0.7 * shape.wall) * (0.72 + 0.28 * np.clip((t + 0.1) / 0.5, 0, 1))
    layer = 2 * depth * np.clip(1 - np.abs(canvas.x / outline) ** 2.8, 0, None) ** 0.42
    for hand in (-1, 1):
        start, stop = arm(child, hand)
        upper = limb(canvas, start, stop, (0.34 * w, 0.27 * w))
        layer = np.maximum(layer, upper)
        # the fold of the armpit, from the chest to the arm
        fold = limb(canvas, (hand * 0.95 * w, -0.12 * h), start, (0.26 * w, 0.32 * w))
        layer = np.maximum(layer, canvas.blurred(fold, 3))
        x, y = hand * 0.58 * w, 0.38 * h
        breast = canvas.ellipsoid((x, y), (0.40 * w, 0.24 * h), shape.breast)
        layer = layer + breast * canvas.edge(canvas.y - (y - 0.3 * h), 0.45 * h)
    return np.asarray(np.maximum(layer, head(child, canvas)), np.float32)


def chin_level(child: Child) -> float:
    """How far down the chin reaches."""
    h = child.shape.lung_height
    return -APEX * h - (0.34 - 0.30 * child.chin) * h


def head(child: Child, canvas: Canvas) -> Array:
    """Chord through the head, whose lower pole is the chin."""
    half, x = child.head, 0.3 * child.shape.tilt
    jaw = canvas.ellipsoid((x, chin_level(child) - 0.8 * half), (0.62 * half, 0.8 * half), 1.5 * half)
    skull = canvas.ellipsoid((x, chin_level(child) - 1.35 * half), (half, 1.15 * half), 2.2 * half)
    return np.asarray(np.cbrt(jaw**3 + skull**3), np.float32)


def mediastinum(child: Child, canvas: Canvas) -> Array:
    """Thymus, and the outflow tract that makes the left border run straight from hilum to apex."""
    shape = child.shape
    heart = 2 * shape.ratio * shape.half_width
    base = (1 - APEX) * shape.lung_height
    conus = limb(canvas, (0.45 * shape.mediastinum + shape.tilt, -0.10 * shape.lung_height),
                 (0.30 * heart + 0.6 * shape.tilt, base - 0.42 * heart), (12.0, 0.25 * heart))  # fmt: skip
    return np.asarray(np.maximum(canvas.blurred(np.minimum(conus, 60), 3), thymus(child, canvas)), np.float32)


def thymus(child: Child, canvas: Canvas) -> Array:
    """Two lobes before the great vessels, wavy where ribs indent them; nothing once it has shrunk from sight."""
    size, shape = child.truth.thymus, child.shape
    layer = canvas.zeros()
    if size < 0.08:
        return layer
    for side, wide in zip((-1, 1), child.thymus_side, strict=True):
        centre = (side * (0.5 * shape.mediastinum + 8 * size) + 0.6 * shape.tilt, -0.10 * shape.lung_height)
        lobe = canvas.ellipsoid(centre, (12 + 26 * size * wide, (0.15 + 0.12 * size) * shape.lung_height), 58 * size)
        layer = np.maximum(layer, lobe)
    wave = 1 + 0.08 * np.sin(canvas.y / (0.11 * shape.lung_height) * 2 * np.pi)
    return canvas.blurred(np.asarray(layer * wave, np.float32), 4.0)


def swallowed(child: Child, canvas: Canvas, rng: np.random.Generator) -> Array:
    """Gas in the bowel: loop beside loop in the small, a few in the grown."""
    h, w = child.shape.lung_height, child.shape.half_width
    loops = canvas.noise(rng, 0.30 * w) + 0.35 * canvas.noise(rng, 0.12 * w)
    gas = np.clip((loops - 1.5 + 1.3 * child.gas) / 0.35, 0, 1)
    below = np.clip((canvas.y / h - 0.72) / 0.12, 0, 1) * np.clip((0.91 - np.abs(canvas.x) / w) / 0.1, 0, 1)
    return canvas.blurred(np.asarray(0.24 * w * gas * below, np.float32), 1.2)
