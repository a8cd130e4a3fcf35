"""Radiomics of the lungs: intensities, form and texture, and the risk that a linear model reads from them.

Own code after the IBSI reference manual (Zwanenburg 2020) instead of a package: pyradiomics has no wheel for our
Pythons, fastrad brings pydicom into the models, numpyradiomics scikit-image; both are young. Texture is taken within
slices and merged over them, because the slices that are read lie a centimetre apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from models.ssc_ild_mortality_ct.textures import textures

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

WINDOW = (-1000.0, 400.0)  # HU that are told apart
BIN = 50.0  # HU a grey level: 28 levels; assumption (IBSI leaves it open)
BINS = round((WINDOW[1] - WINDOW[0]) / BIN)


def discretise(hu: Array, lung: Mask) -> npt.NDArray[np.int64]:
    """Grey levels 1..BINS inside the lung, 0 outside (fixed bin size)."""
    level = np.floor((np.clip(hu, *WINDOW) - WINDOW[0]) / BIN).astype(np.int64) + 1
    return np.where(lung, np.minimum(level, BINS), 0)


def radiomics(hu: Array, lung: Mask, spacing: tuple[float, float, float]) -> dict[str, float]:
    """Features by name, always the same names in the same order.

    Parameters
    ----------
    hu, lung
        (Z, Y, X) Hounsfield units, and what of them is lung.
    spacing
        mm (dz, dy, dx) between voxels.

    Raises
    ------
    ValueError
        If there is no lung.
    """
    if not lung.any():
        raise ValueError("there is no lung to describe")
    inside = np.clip(hu[lung].astype(np.float64), *WINDOW)
    found = {f"first_{name}": value for name, value in first_order(inside, BIN).items()}
    found |= {f"form_{name}": value for name, value in form(lung, spacing).items()}
    return found | textures(discretise(hu, lung), BINS)


def first_order(values: Floats, width: float) -> dict[str, float]:
    """Statistics of (N,) intensities; entropy and uniformity over bins of a width."""
    mean, variance = float(values.mean()), float(values.var())
    centred = values - mean
    sd = max(np.sqrt(variance), 1e-9)
    p10, p25, median, p75, p90 = (float(q) for q in np.percentile(values, (10, 25, 50, 75, 90)))
    robust = values[(values >= p10) & (values <= p90)]
    shares = np.unique(np.floor(values / width), return_counts=True)[1] / values.size
    return {
        "mean": mean,
        "variance": variance,
        "skewness": float((centred**3).mean() / sd**3),
        "kurtosis": float((centred**4).mean() / sd**4 - 3),
        "median": median,
        "minimum": float(values.min()),
        "percentile_10": p10,
        "percentile_90": p90,
        "maximum": float(values.max()),
        "interquartile_range": p75 - p25,
        "range": float(np.ptp(values)),
        "mean_absolute_deviation": float(np.abs(centred).mean()),
        "robust_mean_absolute_deviation": float(np.abs(robust - robust.mean()).mean()),
        "median_absolute_deviation": float(np.abs(values - median).mean()),
        "root_mean_square": float(np.sqrt((values**2).mean())),
        "entropy": float(-(shares * np.log2(shares)).sum()),
        "uniformity": float((shares**2).sum()),
    }


def form(lung: Mask, spacing: tuple[float, float, float]) -> dict[str, float]:
    """Volume (ml), surface (cm2, of voxel faces), their sphericity, and axes of the ellipsoid of equal moments (mm)."""
    dz, dy, dx = spacing
    volume = float(lung.sum()) * dz * dy * dx
    padded = np.pad(lung, 1).astype(np.int8)
    faces = zip((dy * dx, dz * dx, dz * dy), range(3), strict=True)
    surface = sum(area * float(np.abs(np.diff(padded, axis=axis)).sum()) for area, axis in faces)
    points = np.argwhere(lung) * spacing
    moments = np.linalg.eigvalsh(np.cov(points.T, bias=True)) if len(points) > 1 else np.zeros(3)
    least, minor, major = 4 * np.sqrt(np.maximum(moments, 0))
    height = float(np.ptp(points[:, 0])) + dz
    return {
        "volume": float(volume) / 1000,
        "surface": float(surface) / 100,
        "sphericity": float((36 * np.pi * volume**2) ** (1 / 3) / surface),
        "height": height,
        "major_axis": float(major),
        "minor_axis": float(minor),
        "least_axis": float(least),
        "elongation": float(minor / max(major, 1e-9)),
        "flatness": float(least / max(major, 1e-9)),
    }


FIBROSIS = (-700.0, -200.0)  # HU of ground glass and reticulation: the specification's range
VESSEL = -200.0  # HU above which lung tissue is vessel or consolidation
THICKEST_VESSEL = 10.0  # mm: what is dense and thicker is consolidation and stays; assumption


def extent(hu: Array, lung: Mask, spacing: tuple[float, float, float]) -> float:
    """Share of the lung at -700..-200 HU once vessels and their blurred rims are taken away, 0..1; the baseline.

    Vessels are what is above -200 HU and does not survive an opening by `THICKEST_VESSEL`.
    """
    _, dy, dx = spacing
    dense = lung & (hu > VESSEL)
    radius = max(1, round(THICKEST_VESSEL / 2 / min(dy, dx)))
    reach = np.arange(-radius, radius + 1)
    disc = (reach[:, None] ** 2 + reach[None, :] ** 2 <= radius**2)[None]
    vessels = dense & ~ndimage.binary_opening(dense, disc)
    tissue = lung & ~ndimage.binary_dilation(vessels, np.ones((1, 3, 3), bool))
    fibrotic = tissue & (hu >= FIBROSIS[0]) & (hu <= FIBROSIS[1])
    return float(fibrotic.sum() / max(1, tissue.sum()))


@dataclass(frozen=True, kw_only=True)
class RadiomicsModel:
    """A logistic model of each year over standardised features; the years' log odds are made not to fall.

    Raises
    ------
    ValueError
        If the arrays do not belong together, or a feature has no spread.
    """

    names: tuple[str, ...]  #: F features
    mean: Floats = field(repr=False)  #: (F,)
    sd: Floats = field(repr=False)  #: (F,)
    coefficients: Floats = field(repr=False)  #: (years, F)
    intercepts: Floats = field(repr=False)  #: (years,)

    def __post_init__(self) -> None:
        count = len(self.names)
        shapes = (self.mean.shape, self.sd.shape, self.coefficients.shape)
        if shapes != ((count,), (count,), (self.intercepts.size, count)) or not (self.sd > 0).all():
            raise ValueError(f"a radiomics model of {count} features cannot have arrays of {shapes}")

    def logits(self, table: Floats) -> Floats:
        """(N, F) features -> (N, years) log odds of death by the end of each year, not falling."""
        standard = np.clip((table - self.mean) / self.sd, -FURTHEST, FURTHEST)
        return np.asarray(np.maximum.accumulate(standard @ self.coefficients.T + self.intercepts, axis=1), np.float64)

    def to_table(self) -> dict[str, object]:
        """The table that the bundle keeps, ready for JSON."""
        arrays = {"mean": self.mean, "sd": self.sd, "coefficients": self.coefficients, "intercepts": self.intercepts}
        return {"names": list(self.names)} | {
            name: np.asarray([float(f"{x:.7g}") for x in array.ravel()]).reshape(array.shape).tolist()
            for name, array in arrays.items()
        }

    @classmethod
    def from_table(cls, table: Mapping[str, object]) -> "RadiomicsModel":
        """Back from `to_table`.

        Raises
        ------
        ValueError
            A key is absent, or what is there is no such model.
        """
        names = table.get("names")
        keys = ("mean", "sd", "coefficients", "intercepts")
        if not isinstance(names, list) or not all(isinstance(table.get(key), list) for key in keys):
            raise ValueError(f"a radiomics model needs the lists names, {', '.join(keys)}")
        mean, sd, coefficients, intercepts = (np.asarray(table[key], np.float64) for key in keys)
        return cls(names=tuple(map(str, names)), mean=mean, sd=sd, coefficients=coefficients, intercepts=intercepts)


FURTHEST = 4.0  # SD beyond which a feature counts no further: one odd feature must not decide; assumption
