"""How a chest CT is taken: tube voltage, kernel, noise, contrast."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from training.phantoms.lung.lattice import Array, Lattice
from training.phantoms.lung.mediastinum import Contrast
from training.phantoms.spine.acquisition import BONE_BY_KVP

NOISE, NOISE_EXTERNAL = (8.0, 30.0), (14.0, 36.0)  # HU, SD at 0.8 mm pixels (models.md 7.3; the second an assumption)
FINE = 0.8  # mm: pixel at which noise and kernel are told
FINEST_NOISE = 0.25  # noise never falls below this share by averaging; assumption
ENHANCED = 0.35  # share of scans with contrast; assumption


@dataclass(frozen=True, kw_only=True)
class Acquisition:
    """Settings of one scan; the part that differs between hospitals."""

    kvp: int
    noise: float  #: HU, SD
    blur: float  #: of the kernel, mm (SD)
    sharpen: float  #: edge enhancement of a lung kernel, 0 for a soft one
    thickness: float  #: of slices, mm
    contrast: Contrast | None  #: None: native
    table: bool

    @property
    def bone(self) -> float:
        """How bright mineral looks against 120 kVp."""
        return BONE_BY_KVP[self.kvp]

    @property
    def blood(self) -> Contrast:
        """HU of blood and muscle."""
        return self.contrast or Contrast()


def draw_acquisition(seed: int, *, external: bool = False) -> Acquisition:
    """A random scan. external: another hospital's habits, kept out of training (models.md 7.3)."""
    rng = np.random.default_rng([seed, 69])
    voltages, shares = ((100, 120, 140), (0.40, 0.35, 0.25)) if external else ((100, 120, 140), (0.12, 0.83, 0.05))
    sharp = rng.random() < (0.8 if external else 0.35)
    given = rng.random() < (0.15 if external else ENHANCED)
    left, right = float(rng.uniform(110, 260)), float(rng.uniform(120, 320))
    cava = float(rng.uniform(120, 420))
    return Acquisition(
        kvp=int(rng.choice(voltages, p=shares)), noise=float(rng.uniform(*(NOISE_EXTERNAL if external else NOISE))),
        blur=float(rng.uniform(0.35, 0.75)), sharpen=float(rng.uniform(0.5, 1.4)) if sharp else 0.0,
        thickness=float(rng.choice((1.0, 1.25, 1.5, 2.0, 2.5, 3.0))),
        contrast=Contrast(right=right, left=left, cava=cava, muscle=58.0) if given else None,
        table=bool(rng.random() < 0.95),
    )  # fmt: skip


def expose(volume: Array, lattice: Lattice, acquisition: Acquisition, rng: np.random.Generator) -> Array:
    """The slices as the scanner gives them: kernel, noise of filtered back projection, 12 bits.

    Pixels larger than 0.8 mm average the noise of the finer ones.
    """
    pixel = lattice.pixel
    sd = acquisition.blur / pixel
    out = _blurred(volume, sd) if sd > 0.3 else volume.copy()
    if acquisition.sharpen and pixel < 1.6:
        out += np.float32(acquisition.sharpen) * (out - _blurred(out, max(sd, 0.4) * 1.6))
    noise = rng.standard_normal(volume.shape, dtype=np.float32)
    if pixel < 1.6:
        noise = ndimage.uniform_filter1d(ndimage.uniform_filter1d(noise, 2, 1), 2, 2)
        noise -= 0.85 * ndimage.uniform_filter1d(ndimage.uniform_filter1d(noise, 4, 1), 4, 2)  # ramp: NPS -> 0
        noise /= max(float(noise[:: max(1, len(noise) // 4)].std()), 1e-6)
    noise *= np.float32(acquisition.noise * (1 + 0.5 * acquisition.sharpen) * np.clip(FINE / pixel, FINEST_NOISE, 1))
    out += noise
    return np.asarray(np.clip(out, -1024, 3071, out=out), np.float32)


def _blurred(volume: Array, sd: float) -> Array:
    once = ndimage.gaussian_filter1d(volume, sd, 1, truncate=3)
    return np.asarray(ndimage.gaussian_filter1d(once, sd, 2, truncate=3), np.float32)
