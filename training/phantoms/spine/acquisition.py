"""How a CT is taken: voxels, slices, tube voltage, kernel, noise, field of view, metal."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage

from training.phantoms.spine.anatomy import Anatomy
from training.phantoms.spine.grid import Array, Grid, capsule, paint

# How bright mineral is against 120 kVp: effective energies of about 52, 58, 64 and 70 keV at 80, 100, 120, 140 kVp and
# the attenuation of hydroxyapatite there (NIST XCOM), rounded
BONE_BY_KVP = {80: 1.28, 100: 1.11, 120: 1.0, 140: 0.93}
NOISE = (8.0, 30.0)  # HU, SD (models.md 7.3)
METAL_HU = 3071.0  # the top of 12 bits
FINEST = 2.5  # mm: thicker slices are averaged from thinner ones


@dataclass(frozen=True, kw_only=True)
class Acquisition:
    """Settings of one scan; the part that differs between hospitals."""

    kvp: int
    noise: float  #: HU, SD in the middle of the body
    blur: float  #: of the kernel, mm (SD)
    sharpen: float  #: edge enhancement of a bone kernel, 0 for a soft one
    margin: float  #: field of view beyond the body, mm; negative: the body is cut off
    cupping: float  #: HU by which beam hardening darkens the middle
    table: bool
    round_field: bool  #: the corners outside the reconstruction circle are filled with -1024
    metal: bool  #: pedicle screws and rods, with streaks

    @property
    def bone(self) -> float:
        """How bright mineral looks against 120 kVp."""
        return BONE_BY_KVP[self.kvp]


def draw_acquisition(rng: np.random.Generator, *, external: bool = False) -> Acquisition:
    """A random scan. external: another hospital's habits, kept out of training (models.md 7.3)."""
    sharp = rng.random() < (0.45 if external else 0.15)
    voltages, shares = (
        ((100, 120, 140), (0.35, 0.35, 0.30)) if external else ((80, 100, 120, 140), (0.03, 0.15, 0.77, 0.05))
    )
    return Acquisition(
        kvp=int(rng.choice(voltages, p=shares)),
        noise=float(rng.uniform(*NOISE) if not external else rng.uniform(14, 34)),
        blur=float(rng.uniform(0.35, 0.8)), sharpen=float(rng.uniform(0.4, 1.2)) if sharp else 0.0,
        margin=float(rng.uniform(-35, -5) if rng.random() < 0.12 else rng.uniform(2, 30)),
        cupping=float(rng.uniform(0, 8)), table=bool(rng.random() < 0.95), round_field=bool(rng.random() < 0.5),
        metal=bool(rng.random() < 0.04),
    )  # fmt: skip


def fine_grid(grid: Grid) -> tuple[Grid, int]:
    """The grid to paint on and how many of its slices make one of the wanted grid."""
    many = max(1, int(np.ceil(grid.spacing[0] / FINEST)))
    thin = grid.spacing[0] / many
    start = grid.origin[0] - grid.spacing[0] / 2 + thin / 2
    shape = (grid.shape[0] * many, *grid.shape[1:])
    return Grid(shape, (thin, *grid.spacing[1:]), (start, *grid.origin[1:])), many


def thicken(volume: Array, many: int) -> Array:
    """Average `many` thin slices into each thick one."""
    if many == 1:
        return volume
    return np.asarray(volume.reshape(-1, many, *volume.shape[1:]).mean(1), np.float32)


def paint_metal(volume: Array, grid: Grid, anatomy: Anatomy, rng: np.random.Generator) -> tuple[str, ...]:
    """Screws and rods at two to three neighbouring levels, with streaks; returns the levels they spoil."""
    first = int(rng.integers(3, 6))
    levels = anatomy.vertebrae[first : first + int(rng.integers(2, 4))]
    for side in (-1.0, 1.0):
        heads = []
        for v in levels:
            tail = v.place(side * 16, v.depth / 2 + 20, 6)
            heads.append(tail)
            found = capsule(grid, tail, v.place(side * 8, -v.depth * 0.2, 2), (3.2, 2.6))
            if found is not None:
                paint(volume, found[0], found[2], METAL_HU)
        for a, b in pairwise(heads):
            found = capsule(grid, a, b, (2.8, 2.8))
            if found is not None:
                paint(volume, found[0], found[2], METAL_HU)
    _streaks(volume, grid, [np.asarray(v.place(0, v.depth / 2 + 8, 4)) for v in levels], rng)
    return tuple(v.level for v in levels)


def _streaks(volume: Array, grid: Grid, centres: list[Array], rng: np.random.Generator) -> None:
    low, high = min(c[2] for c in centres) - 8, max(c[2] for c in centres) + 8
    box = grid.box((low, -1e4, -1e4), (high, 1e4, 1e4))
    if box is None:
        return
    z, y, x = grid.open(box)
    middle = np.mean(centres, axis=0)
    angle = np.arctan2(y - np.float32(middle[1]), x - np.float32(middle[0]))
    away = np.hypot(y - np.float32(middle[1]), x - np.float32(middle[0]))
    rays = sum(
        np.float32(rng.normal()) * np.cos(k * angle + np.float32(rng.uniform(0, 6.3))) for k in rng.integers(4, 40, 9)
    )
    near = np.max([np.exp(-(((z - np.float32(c[2])) / 6) ** 2)) for c in centres], axis=0)
    fade = np.float32(75) * np.exp(-away / np.float32(60)) * (volume[box] > -700) * near
    volume[box] += np.asarray(np.broadcast_to(rays, fade.shape), np.float32) * fade


def expose(volume: Array, grid: Grid, acquisition: Acquisition, rng: np.random.Generator) -> Array:
    """The volume as the scanner gives it: kernel, beam hardening, noise of filtered back projection, 12 bits."""
    dy = grid.spacing[1]
    sd = acquisition.blur / dy
    out = (
        ndimage.gaussian_filter1d(ndimage.gaussian_filter1d(volume, sd, 1, truncate=3), sd, 2, truncate=3)
        if sd > 0.3
        else volume.copy()
    )
    if acquisition.sharpen:
        wide = max(sd, 0.4) * 1.6
        low = ndimage.gaussian_filter1d(ndimage.gaussian_filter1d(out, wide, 1, truncate=2), wide, 2, truncate=2)
        out += np.float32(acquisition.sharpen) * (out - low)
    _, y, x = grid.open()
    radius = (x / np.float32(170)) ** 2 + ((y + 40) / np.float32(130)) ** 2
    centre = np.clip(1 - radius, 0, 1)
    out -= np.float32(acquisition.cupping) * centre * (out > -300)
    noise = rng.standard_normal(volume.shape, dtype=np.float32)
    smooth = ndimage.uniform_filter1d(ndimage.uniform_filter1d(noise, 2, 1), 2, 2)
    noise = smooth - 0.85 * ndimage.uniform_filter1d(
        ndimage.uniform_filter1d(smooth, 4, 1), 4, 2
    )  # ramp filter: NPS -> 0
    noise *= np.float32(acquisition.noise / max(float(noise[:: max(1, len(noise) // 4)].std()), 1e-6))
    out += noise * (np.float32(0.55) + np.float32(0.45) * centre)
    if acquisition.round_field:
        half = min(float(np.ptp(y)), float(np.ptp(x)) * 1.02) / 2 + 1
        reach = max(float(np.ptp(x)) / 2, half)
        outside = np.hypot(y - y.mean(), x - x.mean()) > reach
        np.copyto(out, np.float32(-1024), where=np.broadcast_to(outside, out.shape))
    return np.asarray(np.clip(out, -1024, METAL_HU, out=out), np.float32)
