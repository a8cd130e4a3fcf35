"""The shape of the chest as functions of place: cage, diaphragm, apices, mediastinum, lungs and lobes.

All take z, y, x that broadcast (mm, x to the left, y to the back, z to the head, 0 at the carina) and give
depths in mm, positive inside. Shapes are assumptions drawn after CTs; their sizes come from the person.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from training.phantoms.lung.lattice import Array, Lattice, edge
from training.phantoms.lung.person import Person

POWER = 2.1  # of the superellipse of a section
ABOVE = 0.40  # share of the lungs' length above the carina
# Down from the apices, in lengths of the lung: half width, front and back wall as shares of the largest
LEVELS = (-0.15, 0.0, 0.08, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4)
WIDTHS = (0.50, 0.54, 0.63, 0.75, 0.88, 0.96, 1.0, 1.0, 0.97)
FRONTS = (0.05, 0.18, 0.36, 0.60, 0.80, 0.92, 1.0, 1.0, 0.96)
BACKS = (0.62, 0.68, 0.76, 0.88, 0.97, 1.0, 1.0, 0.97, 0.92)
LOBES = ("right upper", "right middle", "right lower", "left upper", "left lower")
"""In the order of their labels, from 1."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One person's chest. length: of the lungs from apex to the right dome, mm."""

    person: Person
    length: float
    lower_left: float  #: how much lower the left dome stands
    spine_y: float  #: of the vertebral bodies' centres, at the carina
    kyphosis: float  #: mm by which the spine curves within 100 mm
    fissures: tuple[float, float, float]  #: where the right and left oblique and the horizontal one lie, mm

    @property
    def top(self) -> float:
        """Height of the apices."""
        return ABOVE * self.length

    @property
    def dome(self) -> float:
        """Height of the right dome of the diaphragm."""
        return -(1 - ABOVE) * self.length

    @property
    def floor(self) -> float:
        """Height below which there is no lung."""
        return self.dome - 62

    def spine(self, z: Array) -> Array:
        """Where, in y, the vertebral bodies' centres lie."""
        return np.asarray(self.spine_y - self.kyphosis * ((z + 30) / np.float32(100)) ** 2, np.float32)

    def profile(self, z: Array) -> tuple[Array, Array, Array]:
        """Half width, front and back of the cage's inside by height."""
        down = (self.top - z) / np.float32(self.length)
        bend = (self.spine(z) - np.float32(self.spine_y)) * np.float32(0.7)
        width, front, back = (np.interp(down, LEVELS, k).astype(np.float32) for k in (WIDTHS, FRONTS, BACKS))
        p = self.person
        return width * np.float32(p.half_width), front * np.float32(p.front), back * np.float32(p.back) + bend

    def cage(self, z: Array, y: Array, x: Array, more: float = 0.0) -> Array:
        """Within the ribs; more: the cage made wider by so much."""
        half, front, back = self.profile(z)
        return tube(y, x, half=half + more, front=front - more, back=back + more)

    def diaphragm(self, y: Array, x: Array) -> Array:
        """Height of the diaphragm: two domes, falling to the costophrenic recesses."""
        p = self.person
        u = (np.abs(x) - np.float32(0.48 * p.half_width)) / np.float32(0.56 * p.half_width)
        v = (y - np.float32(-8)) / np.float32(0.5 * (p.back - p.front))
        side = np.where(x > 0, np.float32(self.lower_left), np.float32(0))
        away = u * u + np.where(v > 0, np.float32(1.15), np.float32(0.75)) * v * v
        fall = np.float32(36) * away * np.sqrt(away)
        middle = np.float32(10) * np.exp(-((x / np.float32(30)) ** 2))
        return np.asarray(np.float32(self.dome) - side - np.minimum(fall, 74) - middle, np.float32)

    def apex(self, y: Array, x: Array) -> Array:
        """Height of the pleural dome above each point."""
        wide = 0.54 * self.person.half_width
        u = (np.abs(x) - np.float32(0.62 * wide)) / np.float32(0.62 * wide)
        v = (y - np.float32(0.3 * self.person.back)) / np.float32(48)
        return np.asarray(np.float32(self.top) - np.float32(15) * (u * u + v * v), np.float32)

    def mediastinum(self, z: Array, y: Array, x: Array) -> Array:
        """Between the lungs, without the heart: spine, great vessels, oesophagus, anterior junction."""
        spine = self.spine(z)
        aorta = np.float32(self.person.aorta / 2)
        narrow = np.interp(z, (-70, -35, -5, 30, 70, 110), (2, 22, 37, 39, 34, 40)).astype(np.float32)
        upper = tube(
            y, x, half=narrow, front=np.asarray(np.float32(-64) + 0.35 * np.clip(z, 0, 90), np.float32), back=spine + 4
        )
        column = tube(y, x - 9, half=aorta * 0.8 + 10, front=np.float32(8), back=spine + 8)
        bone = tube(y, x, half=np.float32(21), front=spine - 16, back=spine + 62)
        front = np.float32(3) + np.clip(-y - 62, 0, 60) * np.float32(0.35) - np.abs(x - 6)
        junction = np.where(y < -20, front, np.float32(-50))
        below = np.minimum(column, 12 - z)
        return np.asarray(np.maximum(np.maximum(upper, below), np.maximum(bone, junction)), np.float32)

    def heart(self, z: Array, y: Array, x: Array, more: float = 0.0) -> Array:
        """The heart and, with `more`, the fat around it."""
        centre, half, frame = self.heart_form()
        dz, dy, dx = z - np.float32(centre[2]), y - np.float32(centre[1]), x - np.float32(centre[0])
        form = sum(np.outer(a, a) / (r + more) ** 2 for a, r in zip(frame, half, strict=True))
        f = np.asarray(form, np.float32)
        total = f[0, 0] * dx * dx + 2 * f[0, 1] * dx * dy + f[1, 1] * dy * dy
        total = total + (f[2, 2] * dz * dz + 2 * f[1, 2] * dz * dy) + 2 * f[0, 2] * dx * dz
        return np.asarray((1 - np.sqrt(np.maximum(total, 0))) * np.float32(min(half) + more), np.float32)

    def heart_form(self) -> tuple[npt.NDArray[np.float64], tuple[float, float, float], npt.NDArray[np.float64]]:
        """Centre (x, y, z), half axes and frame; its extent along x is the person's transverse diameter."""
        axis = np.array([0.80, -0.42, -0.43])
        axis /= np.linalg.norm(axis)
        second = np.cross(axis, [0.0, 0.0, 1.0])
        second /= np.linalg.norm(second)
        frame = np.array([axis, second, np.cross(axis, second)])
        half = np.array([1.0, 0.70, 0.74])
        scale = self.person.heart / 2 / float(np.sqrt(((frame[:, 0] * half) ** 2).sum()))
        half = half * scale
        up = float(np.sqrt(((frame[:, 2] * half) ** 2).sum()))
        centre = np.array([0.17 * self.person.half_width, 0.30 * self.person.front, max(self.dome + up - 12, -up - 24)])
        return centre, (float(half[0]), float(half[1]), float(half[2])), frame

    def wall_depth(self, z: Array, y: Array, x: Array) -> Array:
        """How deep a point lies below the pleura of ribs and diaphragm."""
        costal = np.minimum(self.cage(z, y, x), self.apex(y, x) - z)
        return np.asarray(np.minimum(costal, z - self.diaphragm(y, x)), np.float32)

    def lung(self, z: Array, y: Array, x: Array) -> Array:
        """Depth within either lung."""
        inner = np.maximum(self.mediastinum(z, y, x), self.heart(z, y, x, 4.0))
        return np.asarray(np.minimum(self.wall_depth(z, y, x), -inner), np.float32)

    def oblique(self, z: Array, y: Array, x: Array) -> Array:
        """How far (mm, along z) a point lies above the oblique fissure of its side."""
        start = np.where(x > 0, np.float32(self.fissures[1]), np.float32(self.fissures[0]))
        slope = np.float32(0.72 * self.length / (self.person.back - self.person.front))
        bow = np.float32(0.0009) * (np.abs(x) - np.float32(0.45 * self.person.half_width)) ** 2
        return np.asarray(z - (start + slope * (y - np.float32(self.person.back))) + bow, np.float32)

    def lobe(self, z: Array, y: Array, x: Array) -> npt.NDArray[np.uint8]:
        """Which lobe a point of the lung belongs to: 1..5 as in LOBES."""
        above = self.oblique(z, y, x) > 0
        middle = z < self.fissures[2]
        right = np.where(above, np.where(middle, 2, 1), 3)
        return np.asarray(np.where(x > 0, np.where(above, 4, 5), right), np.uint8)


def tube(y: Array, x: Array, *, half: Array | np.float32, front: Array | np.float32, back: Array) -> Array:
    """Depth within a superellipse between front and back, `half` wide to both sides."""
    middle, high = (front + back) / 2, (back - front) / 2
    across = np.abs(x / half) ** np.float32(POWER)
    along = np.abs((y - middle) / high) ** np.float32(POWER)
    size = np.minimum(half, high) / np.float32(POWER)
    return np.asarray((size - across * size) - along * size, np.float32)


def build_shape(seed: int, person: Person) -> Shape:
    """A chest whose lungs are about as large as the person's should be."""
    rng = np.random.default_rng([seed, 63])
    start = 205.0 if person.sex == "M" else 185.0
    shape = Shape(
        person=person, length=start, lower_left=float(rng.uniform(4, 18)), spine_y=float(0.52 * person.back),
        kyphosis=float(np.clip(rng.normal(11, 3) + 0.1 * (person.age - 55), 3, 22)), fissures=(0, 0, 0),
    )  # fmt: skip
    for _ in range(3):  # the volume grows almost linearly with the length
        ml = lung_volume_ml(shape, 12.0)
        longer = 1 + 0.9 * (person.capacity_ml / ml - 1)
        shape = replace(shape, length=float(np.clip(shape.length * np.clip(longer, 0.7, 1.4), 110, 300)))
    a, b, c = (float(k) for k in rng.normal(0, 5, 3))
    return replace(shape, fissures=(0.17 * shape.length + a, 0.21 * shape.length + b, -0.12 * shape.length + c))


def reference_lattice(shape: Shape, step: float) -> Lattice:
    """Cubes of `step` mm over both lungs."""
    p = shape.person
    z = np.arange(shape.floor + step / 2, shape.top + step, step)
    columns = int(np.ceil(2 * p.half_width / step)) + 1
    rows = int(np.ceil((p.back - p.front + 8) / step)) + 1
    return Lattice.square(np.asarray(z, np.float32), ((p.front + p.back) / 2, 0.0), (rows, columns), step)


def lung_volume_ml(shape: Shape, step: float) -> float:
    """Volume of both lungs, ml, on cubes of `step` mm."""
    cover = edge(shape.lung(*reference_lattice(shape, step).opened), step)
    return float(cover.sum(dtype=np.float64)) * step**3 / 1000
