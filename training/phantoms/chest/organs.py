"""Lungs, heart, mediastinum and body outline as path lengths.

The origin is the midline at the level of the carina (assumption: apices lie 45 % of the lung height above it).
"""

from dataclasses import dataclass

import numpy as np

from training.phantoms.canvas import Array, Canvas, curve
from training.phantoms.chest.anatomy import Anatomy
from training.phantoms.chest.vessels import pulmonary_vessels

APEX = 0.45  # fraction of the lung height above the carina; assumption


@dataclass(frozen=True)
class Organs:
    """Path lengths in mm, and masks in 0..1, all (rows, columns)."""

    body: Array  #: soft tissue if there were no lungs
    lung_right: Array  #: air-bearing lung; the patient's right lies on the picture's left
    lung_left: Array
    mask_right: Array  #: what a reader would outline as the lung field
    mask_left: Array
    air: Array  #: trachea, stomach and bowel gas
    vessels: Array  #: blood in the lungs
    calcium: Array  #: bone-like mineral that is no bone

    @property
    def lungs(self) -> Array:
        """Both lungs."""
        return self.lung_right + self.lung_left


def level(anatomy: Anatomy, y: Array) -> Array:
    """Height in the lung: 0 at the apex, 1 at the right dome."""
    return np.asarray((y + APEX * anatomy.lung_height) / anatomy.lung_height, np.float32)


def cage_half_width(anatomy: Anatomy, t: Array) -> Array:
    """Half width of the bony cage in mm at height t."""
    at, width = zip(*anatomy.cage, strict=True)
    return np.asarray(np.interp(t, at, width) * anatomy.half_width, np.float32)


def dome(anatomy: Anatomy, canvas: Canvas, side: int) -> Array:
    """Height y (mm) of the diaphragm above each column, (1, columns). side: -1 right lung, +1 left lung."""
    base = (1 - APEX) * anatomy.lung_height + (anatomy.left_dome if side > 0 else 0.0)
    middle = 0.50 * anatomy.half_width
    u = (side * canvas.x - middle) / (anatomy.half_width - middle)
    fall = np.where(u > 0, anatomy.dome_drop * np.abs(u) ** 2.3, 0.28 * anatomy.dome_drop * np.abs(u) ** 2)
    return np.asarray(base + fall, np.float32)


def heart(anatomy: Anatomy, canvas: Canvas) -> Array:
    """Chord (mm) through the heart, whose widest extent gives the cardiothoracic ratio."""
    width = anatomy.ratio * 2 * anatomy.half_width
    right, left = 0.33 * width, 0.67 * width  # a third of the heart lies to the right; assumption
    base = (1 - APEX) * anatomy.lung_height
    low, shift = base + 0.02 * anatomy.lung_height, anatomy.tilt * 0.6
    top = min(-0.03 * anatomy.lung_height, low - 0.75 * width)
    half = (low - top) / 2
    atrium = canvas.ellipsoid(
        (shift - right + 0.36 * width, (top + low) / 2 + 8), (0.36 * width, half * 0.82), 92 * anatomy.heart_depth
    )
    ventricle = canvas.ellipsoid(
        (shift + left - 0.46 * width, low - 0.36 * width),
        (0.50 * width, 0.34 * width),
        115 * anatomy.heart_depth,
        angle=0.62,
    )
    upper = canvas.ellipsoid((shift + 4, top + half * 0.62), (0.31 * width, half * 0.72), 80 * anatomy.heart_depth)
    return np.asarray(np.cbrt(atrium**3 + ventricle**3 + upper**3), np.float32)


def great_vessels(anatomy: Anatomy, canvas: Canvas) -> tuple[Array, Array]:
    """Chord (mm) through mediastinal fat, vessels and aorta, and calcium (mm) in the arch."""
    h, m, shift = anatomy.lung_height, anatomy.mediastinum, anatomy.tilt * 0.8
    arch_y, arch_x = -0.16 * h, m - anatomy.aorta * 0.45 + 0.35 * anatomy.unfolding + shift
    full = 1.25 * anatomy.depth
    band = full * np.clip(1 - ((canvas.x - shift) / (1.1 * m)) ** 2, 0, None) ** 0.8
    column = canvas.edge(canvas.y + APEX * h * 1.25, 30) * band
    arch = canvas.ellipsoid((arch_x, arch_y), (anatomy.aorta, anatomy.aorta * 1.15), anatomy.aorta * 3.6)
    way = curve([(arch_x + 4, arch_y), (m * 0.9 + anatomy.unfolding + shift, 0.06 * h), (m * 0.55 + shift, 0.5 * h)])
    descending = canvas.lines([(way, 1.5 * anatomy.aorta, 1.6 * anatomy.aorta)], blur=2.0)
    trunk = canvas.ellipsoid((m + 3 + shift, -0.045 * h), (0.075 * h, 0.07 * h), 42 * anatomy.hilum)
    cava = canvas.ellipsoid((-m - 2 + shift, -0.16 * h), (8, 0.2 * h), 34)
    rim = curve(
        [(arch_x + anatomy.aorta * np.sin(a), arch_y - anatomy.aorta * np.cos(a)) for a in (0.2, 1.0, 1.8, 2.4)]
    )
    calcium = canvas.lines([(rim, 1.6, 5.0 * anatomy.calcified)], blur=0.7)
    together = np.cbrt(column**3 + arch**3 + trunk**3 + cava**3) + 0.8 * descending
    return canvas.blurred(np.asarray(together, np.float32), 2.0), calcium


def _body(anatomy: Anatomy, canvas: Canvas) -> Array:
    """Path length through the trunk, neck and shoulders, as if solid."""
    t = level(anatomy, canvas.y)
    h = anatomy.lung_height
    # 0 at the neck, 1 at and below the armpits
    shoulder = np.clip((t + 0.36) / 0.30, 0, 1)
    neck = 54 * anatomy.half_width / 140 * (1 + 0.25 * anatomy.wall / 30)
    trunk = anatomy.half_width + anatomy.wall + np.where(t > 0.9, 0, (0.9 - t) * 0.10 * h)
    # trapezius line: from neck to the point of the shoulder, then arms held away from the trunk
    outline = (
        neck + (trunk + 62 * anatomy.half_width / 140 * np.exp(-(((t + 0.02) / 0.24) ** 2)) - neck) * shoulder**1.35
    )
    depth = (anatomy.depth + 0.75 * anatomy.wall) * (0.80 + 0.20 * np.clip((t + 0.15) / 0.6, 0, 1))
    profile = np.clip(1 - np.abs(canvas.x / outline) ** 3.0, 0, None) ** 0.4
    layer = 2 * depth * profile
    for side in (-1, 1):  # arms and breasts
        reach = anatomy.half_width * (1.42 + 0.1 * anatomy.wall / 30)
        slant = (0.42 if anatomy.view == "PA" else 0.16) * anatomy.half_width
        arm = [(side * (reach - 20), -0.34 * h), (side * (reach + slant), 0.75 * h), (side * (reach + slant), 1.5 * h)]
        wide = 82 * anatomy.half_width / 140
        layer = np.maximum(layer, canvas.lines([(arm, wide, 1.15 * wide)], blur=7))
        x, y = side * 0.60 * anatomy.half_width, 0.36 * h
        breast = canvas.ellipsoid((x, y), (0.42 * anatomy.half_width, 0.26 * h), anatomy.breast)
        layer = layer + breast * canvas.edge(canvas.y - (y - 0.3 * h), 0.45 * h)
    return np.asarray(layer, np.float32)


def _lung(anatomy: Anatomy, canvas: Canvas, side: int, occupied: Array) -> tuple[Array, Array]:
    """Path length in one lung and its field. occupied: mm of heart and mediastinum, which leave no room for lung."""
    t = level(anatomy, canvas.y)
    cage = cage_half_width(anatomy, t)
    u = canvas.x / np.maximum(cage, 1)
    shape = np.sqrt(np.clip(1 - u * u, 0, None))
    depth = 2 * anatomy.depth * (0.45 + 0.55 * np.clip(t / 0.45, 0, 1)) * shape
    below = canvas.y - dome(anatomy, canvas, side)
    recess = np.where(below < 0, 1.0, 0.30 * np.exp(-np.clip(below, 0, None) / 22))  # lung behind the dome
    above = canvas.edge(-below, 2.5)
    apex = canvas.edge((t - 0.0) * anatomy.lung_height, 3.0)
    apical = 0.30 * anatomy.half_width  # apex as a dome between spine and first rib
    round_apex = np.clip(1 - ((side * canvas.x - apical) / (0.36 * anatomy.half_width)) ** 2, 0, 1) ** 0.5
    apex = apex * np.clip(canvas.edge(t * anatomy.lung_height - 34 * (1 - round_apex), 3.0), 0, 1)
    own = canvas.edge(side * (canvas.x - 0.7 * anatomy.tilt) - 5, 4)
    room = np.clip(depth - 1.25 * occupied, 0.05 * depth, None)
    lung = room * own * apex * np.maximum(above, recess * 0.75)
    field = own * apex * above * canvas.edge(room - 0.28 * depth, 4) * (shape > 0.02)
    return np.asarray(lung, np.float32), np.asarray(field, np.float32)


def _gas(anatomy: Anatomy, canvas: Canvas, rng: np.random.Generator) -> Array:
    """Trachea and main bronchi, stomach bubble and bowel gas: mm of air."""
    h, shift = anatomy.lung_height, anatomy.tilt * 0.5
    wide = (17 if anatomy.sex == "M" else 14.5) * anatomy.half_width / 140
    top = -0.95 * h
    strokes = [
        (curve([(shift * 0.3, top), (shift + 2, -0.3 * h), (shift, 0.0)]), wide, wide * 1.3),
        (curve([(shift, -4), (-18 + shift, 14), (-36 + shift, 30)]), wide * 0.72, wide * 0.9),
        (curve([(shift, -4), (22 + shift, 18), (46 + shift, 33)]), wide * 0.62, wide * 0.8),
    ]
    air = canvas.lines(strokes, blur=1.6)
    base = (1 - APEX) * h + anatomy.left_dome
    if anatomy.stomach:
        y = base + 8 + anatomy.stomach * 0.8
        bubble = canvas.ellipsoid((0.45 * anatomy.half_width, y), (anatomy.stomach * 1.35, anatomy.stomach), 55)
        level_line = y + anatomy.stomach * 0.45 if anatomy.view == "PA" else y + 3 * anatomy.stomach
        air = air + bubble * canvas.edge(level_line - canvas.y)
    for _ in range(int(rng.integers(0, 6))):
        x, y = rng.uniform(-0.8, 0.9) * anatomy.half_width, base + rng.uniform(35, 110)
        air = air + canvas.ellipsoid((x, y), (rng.uniform(6, 16), rng.uniform(5, 12)), 25, rng.uniform(0, 3))
    return np.asarray(air, np.float32)


def build_organs(
    anatomy: Anatomy,
    canvas: Canvas,
    rng: np.random.Generator,
    *,
    body: Array | None = None,
    anterior: Array | None = None,
) -> Organs:
    """All soft parts of the phantom. body: mm that replace the adult's trunk; anterior: mm more in the mediastinum."""
    mediastinum, calcium = great_vessels(anatomy, canvas)
    if anterior is not None:
        mediastinum = np.asarray(np.maximum(mediastinum, anterior), np.float32)
    cardiac = heart(anatomy, canvas)
    occupied = canvas.blurred(np.cbrt(cardiac**3 + mediastinum**3), 2.2)
    right, mask_right = _lung(anatomy, canvas, -1, occupied)
    left, mask_left = _lung(anatomy, canvas, +1, occupied)
    vessels = pulmonary_vessels(anatomy, canvas, rng) * np.clip((right + left) / 60, 0, 1)
    return Organs(
        body=_body(anatomy, canvas) if body is None else body,
        lung_right=right, lung_left=left, mask_right=mask_right, mask_left=mask_left,
        air=_gas(anatomy, canvas, rng), vessels=np.asarray(vessels, np.float32), calcium=calcium,
    )  # fmt: skip
