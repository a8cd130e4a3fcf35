"""From path lengths to a picture: attenuation, scatter, quantum noise, detector and display chain."""

from dataclasses import dataclass

import numpy as np

from training.phantoms.canvas import Array, Canvas, bilinear

# Linear attenuation, 1/mm, at an effective 60 keV (120 kVp, filtered): water 0.0206 (NIST XCOM).
MU_WATER = 0.0206
# Extra attenuation of cancellous and cortical bone together over soft tissue; cortical bone at 60 keV is 0.0605 (NIST
# XCOM for density 1.92), so 0.040 for the bone paths of the skeleton.
MU_BONE_EXCESS = 0.040
LUNG_DENSITY = 0.26  # inflated lung relative to water: 0.26 g/ml (ICRU 44)


@dataclass(frozen=True, kw_only=True)
class Beam:
    """How the picture is taken and shown; the part that differs between hospitals."""

    energy: float  #: scales attenuation; 1 is 120 kVp
    scatter: float  #: share of scatter in the mean signal behind the grid
    scatter_reach: float  #: mm (SD) over which scatter spreads
    photons: float  #: quanta per mm2 in air
    blur: float  #: focal spot and detector, mm (SD)
    gamma: float  #: display curve
    contrast: float  #: steepness of the sigmoid look-up table
    centre: float  #: where its middle lies between lung (0) and dense tissue (1)
    below_lung: float  #: how much darker than lung still has a shade of its own, in units of lung-to-dense
    unsharp: float  #: strength of edge enhancement
    unsharp_reach: float  #: mm (SD)


def draw_beam(rng: np.random.Generator, *, portable: bool, external: bool = False) -> Beam:
    """A random unit. external: another vendor's look and technique, kept out of training (models.md 7.3)."""
    return Beam(
        energy=rng.uniform(0.92, 1.0) * (1.10 if portable else 1.0) * (1.06 if external else 1.0),
        scatter=rng.uniform(0.30, 0.55) if portable else rng.uniform(0.12, 0.35),
        scatter_reach=rng.uniform(25, 60), photons=10 ** rng.uniform(4.4, 5.6),
        blur=rng.uniform(0.15, 0.5) + (0.3 if external else 0.0),
        gamma=rng.uniform(0.75, 1.35) * (0.85 if external else 1.0),
        contrast=rng.uniform(1.2, 4.5) if not external else rng.uniform(4.0, 6.0), centre=rng.uniform(0.3, 0.6),
        below_lung=rng.uniform(0.12, 0.75),
        unsharp=rng.uniform(0.0, 1.6) if rng.random() < 0.7 else 0.0, unsharp_reach=rng.uniform(2.0, 9.0),
    )  # fmt: skip


def expose(canvas: Canvas, soft: Array, bone: Array, beam: Beam, rng: np.random.Generator) -> Array:
    """The log signal of the detector, float32, larger means less exposure (bright), before any display curve."""
    primary = np.exp(-beam.energy * (MU_WATER * soft + MU_BONE_EXCESS * bone))
    spread = _wide(canvas, primary, beam.scatter_reach)
    signal = (1 - beam.scatter) * primary + beam.scatter * spread
    signal = canvas.blurred(np.asarray(signal, np.float32), beam.blur)
    quanta = np.maximum(signal * beam.photons * canvas.pitch**2, 1e-3)
    noisy = quanta + np.sqrt(quanta) * rng.standard_normal(quanta.shape)
    return np.asarray(-np.log(np.maximum(noisy, 1.0) / (beam.photons * canvas.pitch**2)), np.float32)


def develop(canvas: Canvas, log_signal: Array, beam: Beam, lungs: Array) -> Array:
    """The displayed picture in 0..1: edge enhancement, then the unit's sigmoid and gamma.

    lungs: the lung fields, 0..1. Like a real unit's anatomical programme, the look-up table is hung on their shade.
    """
    enhanced = log_signal
    if beam.unsharp:
        enhanced = log_signal + beam.unsharp * (log_signal - _wide(canvas, log_signal, beam.unsharp_reach))
    fields = enhanced[lungs > 0.5]
    dense = float(np.percentile(enhanced[::3, ::3], 97))
    lung = float(np.percentile(fields, 20)) if fields.size else dense - 2.0
    u = (enhanced - lung) / max(dense - lung, 1e-3)
    low, high = _sigmoid(np.float32(-beam.below_lung), beam), _sigmoid(np.float32(1.1), beam)
    shade = np.clip((_sigmoid(u, beam) - low) / (high - low), 0, 1)
    return np.asarray(shade ** np.float32(beam.gamma), np.float32)


def _sigmoid(value: Array | np.float32, beam: Beam) -> Array:
    return np.asarray(1 / (1 + np.exp(-beam.contrast * (value - beam.centre))), np.float32)


def _wide(canvas: Canvas, layer: Array, reach: float) -> Array:
    """A Gaussian of `reach` mm, computed on every n-th pixel: it hides what the coarser lattice loses."""
    step = max(1, int(reach / canvas.pitch / 4))
    if step == 1:
        return canvas.blurred(np.asarray(layer, np.float32), reach)
    rows, columns = -(-layer.shape[0] // step) * step, -(-layer.shape[1] // step) * step
    padded = np.pad(layer, ((0, rows - layer.shape[0]), (0, columns - layer.shape[1])), mode="edge")
    small = padded.reshape(rows // step, step, columns // step, step).mean((1, 3))
    coarse = Canvas(rows=small.shape[0], columns=small.shape[1], pitch=canvas.pitch * step, left=0, top=0)
    smooth = np.pad(coarse.blurred(np.asarray(small, np.float32), reach), 1, mode="edge")
    at_rows = (np.arange(layer.shape[0]) + 0.5) / step + 0.5
    at_columns = (np.arange(layer.shape[1]) + 0.5) / step + 0.5
    return bilinear(smooth, at_rows, at_columns)
