"""Pneumonia, effusion and other opacities: what fills the lung, how much, and the truth that the hazard reads."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.phantoms.canvas import Array, Canvas, curve
from training.phantoms.chest.anatomy import Anatomy
from training.phantoms.chest.organs import Organs, dome, level

Pattern = Literal["none", "lobar", "multilobar", "bilateral"]
ZONES = ((-0.1, 0.38), (0.34, 0.70), (0.62, 1.5))  # upper, middle, lower: heights in the lung; assumption
# Where community-acquired pneumonia sits: lower zones most often; assumption
ZONE_WEIGHTS = (0.2, 0.3, 0.5)
PATTERN_WEIGHTS = {"lobar": 0.52, "multilobar": 0.18, "bilateral": 0.30}  # assumption


@dataclass(frozen=True, kw_only=True)
class Disease:
    """What to draw."""

    pattern: Pattern
    zones: tuple[tuple[int, int, float, float], ...]  #: (side -1|+1, zone 0..2, share of the zone, density 0..1)
    effusion_right: float  #: 0..1
    effusion_left: float


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What the picture shows, measured on the drawn masks."""

    extent_right: float  #: share of the lung field's air that is filled, 0..1
    extent_left: float
    zones: tuple[float, ...]  #: the same for right upper, middle, lower, left upper, middle, lower
    effusion_right: float  #: 0..1
    effusion_left: float

    @property
    def extent(self) -> float:
        """Both lungs, 0..1."""
        return (self.extent_right + self.extent_left) / 2

    @property
    def effusion(self) -> float:
        """The larger of both sides, 0..1."""
        return max(self.effusion_right, self.effusion_left)

    @property
    def bilateral(self) -> bool:
        """Whether both lungs have more than a trace."""
        return min(self.extent_right, self.extent_left) > 0.03


def draw_disease(rng: np.random.Generator) -> Disease:
    """A random pneumonia."""
    pattern: Pattern = str(rng.choice(list(PATTERN_WEIGHTS), p=list(PATTERN_WEIGHTS.values())))  # type: ignore[assignment]
    side = int(rng.choice([-1, 1], p=[0.56, 0.44]))  # the right lung is larger and its bronchus steeper
    places = [(s, z) for s in (-1, 1) for z in range(3)]
    if pattern == "lobar":
        chosen = [(side, int(rng.choice(3, p=ZONE_WEIGHTS)))]
    elif pattern == "multilobar":
        chosen = [(side, int(z)) for z in rng.choice(3, size=int(rng.integers(2, 4)), replace=False, p=ZONE_WEIGHTS)]
    else:
        chosen = [p for p in places if rng.random() < 0.25 + ZONE_WEIGHTS[p[1]]] or [(side, 2)]
        for s in (-1, 1):
            if not any(p[0] == s for p in chosen):
                chosen.append((s, 2))
    severity = rng.beta(1.5, 1.6)
    zones = tuple(
        (
            s,
            z,
            float(np.clip(severity * rng.uniform(0.5, 1.5), 0.06, 1)),
            float(np.clip(rng.normal(0.55, 0.19), 0.15, 1)),
        )
        for s, z in chosen
    )
    wet = rng.random() < 0.18 + 0.25 * severity
    depth = rng.beta(1.3, 2.6) if wet else 0.0
    both = wet and rng.random() < 0.3
    sick = chosen[0][0]
    return Disease(
        pattern=pattern, zones=zones,
        effusion_right=float(depth if sick < 0 or both else 0), effusion_left=float(depth if sick > 0 or both else 0),
    )  # fmt: skip


HEALTHY = Disease(pattern="none", zones=(), effusion_right=0.0, effusion_left=0.0)


def fill(
    anatomy: Anatomy, canvas: Canvas, organs: Organs, disease: Disease, rng: np.random.Generator
) -> tuple[Array, Array, Truth]:
    """Share of the lung's air replaced at each pixel (0..1), mm of fluid in the pleura, and the truth."""
    filled = canvas.zeros()
    fine = canvas.noise(rng, 7)
    for side, zone, share, density in disease.zones:
        patch = _patch(anatomy, canvas, rng, (side, zone), share)
        texture = np.clip(1 + 0.16 * fine + 0.24 * canvas.noise(rng, 24), 0.25, 1.6)
        filled = np.maximum(filled, density * patch * texture)
    filled = np.asarray(np.clip(filled * (1 - 0.3 * _bronchograms(anatomy, canvas, rng)), 0, 0.97), np.float32)
    fluid = _fluid(anatomy, canvas, organs, -1, disease.effusion_right)
    fluid += _fluid(anatomy, canvas, organs, +1, disease.effusion_left)
    return filled, fluid, _measure(anatomy, canvas, organs, disease, filled)


def _patch(anatomy: Anatomy, canvas: Canvas, rng: np.random.Generator, place: tuple[int, int], share: float) -> Array:
    """One consolidation: a ragged blob that takes about `share` of its zone, 0..1."""
    side, zone = place
    low, high = ZONES[zone]
    t, u = level(anatomy, canvas.y), side * canvas.x / anatomy.half_width
    centre_t, centre_u = rng.uniform(low + 0.08, min(high, 1.0) - 0.04), rng.uniform(0.32, 0.78)
    height, width = (min(high, 1.1) - low) * (0.40 + 1.0 * share), 0.22 + 0.72 * share
    d = ((t - centre_t) / height) ** 2 + ((u - centre_u) / width) ** 2
    ragged = 0.50 * canvas.noise(rng, 46) + 0.28 * canvas.noise(rng, 18)
    blob = np.clip((1 + ragged - d) / 1.5, 0, 1)
    lobar = rng.random() < 0.35  # a fissure cuts it straight
    if lobar:
        blob = blob * canvas.edge((t - low) * anatomy.lung_height, 6) * canvas.edge((high - t) * anatomy.lung_height, 6)
    return np.asarray(blob * (u > 0), np.float32)


def _bronchograms(anatomy: Anatomy, canvas: Canvas, rng: np.random.Generator) -> Array:
    """Air-filled bronchi that stay dark inside a consolidation, 0..1."""
    strokes = []
    for side in (-1, 1):
        root = np.array([side * (anatomy.mediastinum + 8), 0.06 * anatomy.lung_height])
        for angle in rng.uniform(-1.1, 1.3, size=5):
            way = np.array([side * np.cos(angle), np.sin(angle)]) * rng.uniform(0.2, 0.42) * anatomy.lung_height
            bend = rng.normal(0, 6, 2)
            strokes.append((curve([tuple(root), tuple(root + 0.5 * way + bend), tuple(root + way)], 8), 2.6, 1.0))
    return np.clip(canvas.lines(strokes, blur=0.9), 0, 1)


def _fluid(anatomy: Anatomy, canvas: Canvas, organs: Organs, side: int, amount: float) -> Array:
    """Pleural fluid, mm along the ray: a meniscus when standing, a veil over the lower lung in bed."""
    if amount <= 0:
        return canvas.zeros()
    lung = organs.lung_left if side > 0 else organs.lung_right
    top = dome(anatomy, canvas, side).min() + 0.35 * anatomy.dome_drop - amount * 0.62 * anatomy.lung_height
    u = np.clip(side * canvas.x / anatomy.half_width, 0, 1)
    surface = top - 0.17 * anatomy.lung_height * (u**4 - 0.35)
    if anatomy.view == "PA":
        depth = canvas.edge(canvas.y - surface, 9) * np.clip(0.75 + (canvas.y - surface) / 90, 0, 1)
    else:
        depth = 0.62 * np.clip((canvas.y - surface + 60) / 150, 0, 1) ** 1.2
    return np.asarray(lung * np.clip(depth, 0, 0.97), np.float32)


def _measure(anatomy: Anatomy, canvas: Canvas, organs: Organs, disease: Disease, filled: Array) -> Truth:
    """Shares of each lung field and zone that are filled."""
    t = level(anatomy, canvas.y)
    extents, zones = [], []
    for mask in (organs.mask_right, organs.mask_left):
        extents.append(float((filled * mask).sum() / max(float(mask.sum()), 1.0)))
        for low, high in ((-0.1, 0.35), (0.35, 0.67), (0.67, 1.5)):
            part = mask * ((t >= low) & (t < high))
            zones.append(float((filled * part).sum() / max(float(part.sum()), 1.0)))
    return Truth(
        extent_right=extents[0], extent_left=extents[1], zones=tuple(zones),
        effusion_right=disease.effusion_right, effusion_left=disease.effusion_left,
    )  # fmt: skip
