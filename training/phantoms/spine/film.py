"""From path lengths to a lateral radiograph: scatter, quantum noise, grey scale, collimation, markers."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from training.phantoms.spine.grid import Array


@dataclass(frozen=True, kw_only=True)
class Film:
    """How a picture is taken and shown; the part that differs between hospitals."""

    scatter: float  #: low-pass part of the primary behind the grid, 0.15-0.4 (models.md 7.3)
    reach: float  #: mm (SD) over which it spreads
    photons: float  #: quanta per pixel in air times the exposure that the thick body needs
    blur: float  #: focus and detector, mm (SD) on the detector
    window: tuple[float, float]  #: percentiles of the body shown as black and white
    steepness: float  #: of the sigmoid
    gamma: float
    compress: float  #: share of the slow part taken out, as multi-scale processing does
    compress_reach: float  #: mm (SD)
    unsharp: float
    unsharp_reach: float  #: mm (SD)
    inverted: bool  #: bone dark
    edges: tuple[float, float, float, float]  #: share of the picture covered at top, bottom, left, right
    shutter: float  #: grey of the collimated border
    turn: float  #: of the shutter, radians
    marker: str


def draw_film(rng: np.random.Generator, *, external: bool = False) -> Film:
    """A random unit. external: another vendor's look, kept out of training (models.md 7.3)."""
    return Film(
        scatter=rng.uniform(0.15, 0.40), reach=rng.uniform(25, 60),
        photons=10 ** rng.uniform(5.6, 6.6) * (0.4 if external else 1.0),
        blur=rng.uniform(0.25, 0.7) + (0.35 if external else 0.0),
        window=(rng.uniform(0.5, 9), rng.uniform(98.5, 99.95)), compress=rng.uniform(0.15, 0.6),
        compress_reach=rng.uniform(22, 55),
        steepness=rng.uniform(1.0, 4.0) if not external else rng.uniform(4.0, 6.5),
        gamma=rng.uniform(0.75, 1.5) * (0.85 if external else 1.0),
        unsharp=rng.uniform(0.2, 2.0) if rng.random() < 0.75 else 0.0, unsharp_reach=rng.uniform(3, 12),
        inverted=bool(rng.random() < 0.06),
        edges=(rng.uniform(0, 0.05), rng.uniform(0, 0.05), rng.uniform(0, 0.16), rng.uniform(0, 0.14)),
        shutter=float(rng.choice([0.0, 0.0, 0.04, 1.0])), turn=float(rng.normal(0, 0.012)),
        marker=str(rng.choice(["", "L", "R", "L LAT", "LL", "STANDING", "R LAT"])),
    )  # fmt: skip


def expose(thickness: Array, film: Film, pixel: float, rng: np.random.Generator, *, binned: float = 1.0) -> Array:
    """The detector's log signal (larger: less exposure) of `thickness`, the integral of mu along each ray.

    binned: how many of the pixels that `film.photons` means are summed in one.
    """
    primary = np.exp(-thickness)
    signal = primary + np.float32(film.scatter) * _wide(primary, film.reach / pixel)
    signal = ndimage.gaussian_filter(signal, film.blur / pixel, truncate=3)
    # the dose control asks for this much
    needed = film.photons * binned / max(float(np.percentile(signal, 35)), 1e-9) / 1000
    quanta = np.maximum(signal * needed, 1.0)
    noisy = quanta + np.sqrt(quanta) * rng.standard_normal(quanta.shape, dtype=np.float32)
    return np.asarray(-np.log(np.maximum(noisy, 1.0) / needed), np.float32)


def _wide(image: Array, sd: float) -> Array:
    """A Gaussian of `sd` pixels, computed on every n-th pixel: it hides what the coarser lattice loses."""
    step = max(1, int(sd / 4))
    smooth = ndimage.gaussian_filter(_shrink(image, step), sd / step, mode="nearest", truncate=3)
    if step == 1:
        return np.asarray(smooth, np.float32)
    large = ndimage.zoom(smooth, step, order=1, mode="nearest", grid_mode=True)
    return np.asarray(large[: image.shape[0], : image.shape[1]], np.float32)


def _shrink(image: Array, step: int) -> Array:
    rows, columns = (-(-n // step) * step for n in image.shape)
    padded = np.pad(image, ((0, rows - image.shape[0]), (0, columns - image.shape[1])), mode="edge")
    return np.asarray(padded.reshape(rows // step, step, columns // step, step).mean((1, 3)), np.float32)


def develop(log_signal: Array, film: Film, pixel: float) -> Array:
    """The picture in 0..1 before shutter and marker: edge enhancement, then sigmoid and gamma."""
    shown = log_signal - np.float32(film.compress) * _wide(log_signal, film.compress_reach / pixel)
    if film.unsharp:
        shown = shown + np.float32(film.unsharp) * (shown - _wide(shown, film.unsharp_reach / pixel))
    columns = shown.shape[1]  # like a real unit's anatomical programme, the table is hung on the middle of the picture
    middle = shown[:, int(0.25 * columns) : int(0.75 * columns)]
    body = middle[log_signal[:, int(0.25 * columns) : int(0.75 * columns)] > 0.5]
    black, white = np.percentile(body[::3] if body.size > 700 else shown, film.window)
    u = np.clip((shown - black) / max(float(white - black), 1e-3), -0.5, 1.5)
    s = 1 / (1 + np.exp(-film.steepness * (u - 0.5)))
    low_end, high_end = (1 / (1 + np.exp(-film.steepness * (e - 0.5))) for e in (0.0, 1.0))
    shade = np.clip((s - low_end) / (high_end - low_end), 0, 1) ** film.gamma
    return np.asarray(1 - shade if film.inverted else shade, np.float32)


def finish(picture: Array, film: Film) -> Array:
    """Shutter and marker on the picture."""
    rows, columns = picture.shape
    top, bottom, left, right = film.edges
    r, c = np.arange(rows)[:, None] - rows / 2, np.arange(columns)[None, :] - columns / 2
    cos, sin = np.cos(film.turn), np.sin(film.turn)
    v, u = r * cos + c * sin, c * cos - r * sin
    shut = (v < (top - 0.5) * rows) | (v > (0.5 - bottom) * rows)
    shut |= (u < (left - 0.5) * columns) | (u > (0.5 - right) * columns)
    out = np.where(shut, np.float32(film.shutter), picture)
    if film.marker:
        image = Image.fromarray((out * 255).astype(np.uint8))
        place = (int(columns * (left + 0.03)), int(rows * (0.06 + top)))
        draw = ImageDraw.Draw(image)
        draw.text(place, film.marker, fill=255, font=ImageFont.load_default(size=max(8, rows // 22)))
        mark = np.asarray(image, np.float32) / 255
        out = np.where(mark > out + 0.02, mark, out)
    return np.asarray(out, np.float32)
