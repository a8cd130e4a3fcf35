"""Pulmonary vessels and airways as chains of balls, grown once for a person by repeated forking."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.phantoms.lung.lattice import Points, Tubes
from training.phantoms.lung.shape import Shape

Floats = npt.NDArray[np.float64]

FORKS = 7  # generations below the lobes
SHRINK = 0.84  # of the radius at a fork; Murray's cube root of a half is 0.79
AIRWAY_FORKS = 1  # airways of the normal lung are seen to about there
# Where lobar vessels head: (share of half width, of front or back, of the length above or below the carina)
TARGETS = (
    (0.48, 0.10, 0.30), (0.55, -0.55, 0.10), (0.62, -0.45, -0.25), (0.55, 0.55, -0.42), (0.72, 0.10, -0.40),
    (0.50, 0.55, 0.08), (0.70, -0.20, -0.06), (0.68, 0.35, -0.12),
)  # fmt: skip


@dataclass(frozen=True)
class Segment:
    """Straight pieces: starts, ends (N, 3) and radii at both ends (N,)."""

    start: Points
    end: Points
    wide: Floats
    narrow: Floats

    def balls(self) -> Tubes:
        """Balls no further apart than 0.8 radii."""
        length = np.linalg.norm(self.end - self.start, axis=1)
        count = np.maximum(2, np.ceil(length / (0.8 * self.narrow))).astype(int)
        piece = np.repeat(np.arange(len(count)), count)
        step = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
        t = step / count[piece]
        points = self.start[piece] + (self.end - self.start)[piece] * t[:, None]
        return Tubes(points, self.wide[piece] + (self.narrow - self.wide)[piece] * t)


def join(parts: list[Tubes]) -> Tubes:
    """All balls of several tubes."""
    return Tubes(np.concatenate([p.points for p in parts]), np.concatenate([p.radii for p in parts]))


def polyline(points: Points, radii: Floats) -> Tubes:
    """One tube through the points (N, 3)."""
    return Segment(points[:-1], points[1:], radii[:-1], radii[1:]).balls()


def lobar_ends(shape: Shape, side: float) -> Points:
    """Middle of the parts of one lung that the first branches lead to. side: -1 right, 1 left."""
    p = shape.person
    out = [(side * a * p.half_width, b * (p.back if b > 0 else -p.front), c * shape.length) for a, b, c in TARGETS]
    return np.array(out)


def hilum(side: float) -> Floats:
    """Where vessels and bronchi enter a lung, mm."""
    return np.array([-40.0, 6.0, -20.0]) if side < 0 else np.array([38.0, 12.0, -14.0])


def grow(rng: np.random.Generator, shape: Shape, side: float, radius: float, forks: int) -> list[tuple[int, Segment]]:
    """A tree in one lung, by generation; `radius` at the hilum."""
    ends = lobar_ends(shape, side) + rng.normal(0, 6, (len(TARGETS), 3))
    start = hilum(side) + rng.normal(0, 2.5, (len(TARGETS), 3))
    line = ends - start
    first = start + line * 0.42
    wide = np.full(len(ends), radius) * rng.uniform(0.85, 1.1, len(ends))
    out = [(0, Segment(start, first, wide, wide * 0.85))]
    direction = line / np.linalg.norm(line, axis=1)[:, None]
    length, narrow, start = np.linalg.norm(line, axis=1) * 0.36, wide * SHRINK, first
    for generation in range(1, forks + 1):
        across = np.cross(direction, rng.normal(size=direction.shape))
        across /= np.linalg.norm(across, axis=1)[:, None] + 1e-9
        turned = []
        for sign, least, most in ((1.0, 0.25, 0.6), (-1.0, 0.35, 0.9)):
            angle = rng.uniform(least, most, len(direction))
            turned.append(direction * np.cos(angle)[:, None] + sign * across * np.sin(angle)[:, None])
        direction = np.concatenate(turned)
        start = np.concatenate([start, start])
        ratio = np.concatenate([rng.uniform(0.9, 1.1, len(narrow)), rng.uniform(0.75, 1.0, len(narrow))])
        narrow = np.concatenate([narrow, narrow]) * ratio
        length = np.concatenate([length, length]) * rng.uniform(0.75, 1.2, len(narrow))
        end = start + direction * length[:, None]
        out.append((generation, Segment(start, end, narrow, narrow * 0.88)))
        start, narrow, length = end, narrow * SHRINK, length * 0.82
    return out


def depth_of(shape: Shape, points: Points) -> Floats:
    """Depth of points (N, 3) within the lungs, mm."""
    x, y, z = (points[:, k].astype(np.float32) for k in range(3))
    return np.asarray(shape.lung(z, y, x), np.float64)


def vessels(seed: int, shape: Shape) -> Tubes:
    """Arteries and veins of both lungs, down to about 0.6 mm, ending 3 mm below the pleura."""
    rng = np.random.default_rng([seed, 64])
    scale = 0.5 + 0.5 * shape.person.pulmonary_artery / 26
    parts = []
    for side in (-1.0, 1.0):
        for radius in (4.7 * scale, 4.2):
            for generation, segment in grow(rng, shape, side, radius, FORKS):
                tubes = segment.balls()
                parts.append(tubes if generation == 0 else tubes.chosen(depth_of(shape, tubes.points) > 3))
    return join(parts)


@dataclass(frozen=True)
class Airways:
    """Lumens of trachea, bronchi and of those that fibrosis pulls open."""

    central: Tubes
    lobar: Tubes
    traction: Tubes


def airways(seed: int, shape: Shape, fibrosis: float) -> Airways:
    """Trachea, main and lobar bronchi; fibrosis: share of the lungs with reticulation or honeycombing.

    Traction bronchiectasis is offered everywhere beyond the lobar bronchi; where the lung is not fibrotic it is not to
    be painted.
    """
    rng = np.random.default_rng([seed, 65])
    wide = 8.6 if shape.person.sex == "M" else 7.4
    carina = np.array([-1.0, 14.0, 0.0])
    trachea = np.array([[0, 0, shape.top + 60], [1, 6, 50], carina])
    parts = [polyline(trachea, np.array([wide, wide, wide * 1.05]))]
    beyond, pulled = [], []
    for side in (-1.0, 1.0):
        bronchus = np.array([carina, carina + np.array([side * 18, 2, -11.0]), hilum(side) + np.array([0, 4.0, 0])])
        parts.append(polyline(bronchus, wide * np.array([0.8, 0.76, 0.66])))
        for generation, segment in grow(rng, shape, side, 3.4, AIRWAY_FORKS + 4):
            tubes = segment.balls()
            if generation <= AIRWAY_FORKS:
                beyond.append(tubes)
            if generation >= 2:
                beads = 1 + 0.25 * np.sin(tubes.points[:, 2] * 0.9 + tubes.points[:, 0] * 0.7)
                open_ = Tubes(tubes.points, (tubes.radii + 0.4 + 1.6 * min(fibrosis / 0.2, 1.0)) * beads * 0.9)
                pulled.append(open_.chosen(depth_of(shape, open_.points) > 2))
    return Airways(join(parts), join(beyond), join(pulled))
