"""Where disease lies: a field of severity and the limits that give each pattern its share of the lungs.

The limits are found on a reference lattice that belongs to the person, so that any slices show the same disease.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from training.phantoms.lung.lattice import Array, Lattice, edge
from training.phantoms.lung.shape import LOBES, Shape, reference_lattice
from training.phantoms.lung.texture import Field

STEP = 5.0  # mm, of the reference lattice
DEEP = 14.0  # mm: within it the subpleural preference falls by e; assumption
GROUND_GLASS, RETICULATION, HONEYCOMBING = 1, 2, 3  # labels of the patterns


@dataclass(frozen=True)
class Spread:
    """What happens to each share of the lungs."""

    ground_glass: float
    reticulation: float
    honeycombing: float


@dataclass(frozen=True, kw_only=True)
class Disease:
    """Severity as a field and the limits above which a pattern begins; `levels` is the coarser field's."""

    shape: Shape = field(repr=False)
    patches: Field = field(repr=False)
    lobules: Field = field(repr=False)
    coarse: Field = field(repr=False)
    limit: float = 0.0  #: severity above which lung is diseased
    fibrotic: float = 0.0  #: coarseness above which it is reticulation
    cystic: float = 0.0  #: and above which it is honeycombing

    def severity(self, lattice: Lattice, depth: Array) -> Array:
        """The field on a lattice; depth: below the pleura of ribs and diaphragm, mm."""
        z, y, _ = lattice.opened
        p, s = self.shape.person, self.shape
        low = np.clip((s.top - z) / np.float32(s.length), 0, 1.3)
        slope = np.float32(p.basal) * low + np.float32(0.8) * (y / np.float32(p.back))
        near = np.float32(p.subpleural) * np.exp(np.maximum(depth, 0) * np.float32(-1 / DEEP))
        noise = np.float32(0.42) * self.patches.on(lattice) + np.float32(0.20) * self.lobules.on(lattice)
        return np.asarray(noise + slope + near, np.float32)

    def coarseness(self, lattice: Lattice, severity: Array) -> Array:
        """What decides between the patterns within diseased lung."""
        return np.asarray(np.float32(0.6) * severity + np.float32(0.5) * self.coarse.on(lattice), np.float32)


@dataclass(frozen=True, kw_only=True)
class Extent:
    """Shares of the lung volume, as on the reference lattice."""

    lung_ml: float
    ground_glass: float
    reticulation: float
    honeycombing: float
    zones: dict[str, float]  #: share diseased of each third of the lungs' height
    lobes: dict[str, float]  #: share diseased of each lobe

    @property
    def total(self) -> float:
        """Of all patterns."""
        return self.ground_glass + self.reticulation + self.honeycombing


def build_disease(seed: int, shape: Shape) -> tuple[Disease, Extent]:
    """The person's disease, and how much of it there is."""
    rng = np.random.default_rng([seed, 66])
    start = Disease(
        shape=shape, patches=Field.draw(rng, 38.0), lobules=Field.draw(rng, 13.0), coarse=Field.draw(rng, 22.0)
    )
    lattice = reference_lattice(shape, STEP)
    cover = edge(shape.lung(*lattice.opened), STEP)
    inside = cover > 0
    weight = cover[inside].astype(np.float64)
    severity = start.severity(lattice, shape.wall_depth(*lattice.opened))
    coarse = start.coarseness(lattice, severity)[inside]
    severe = severity[inside]
    p = shape.person
    limit = quantile(severe, weight, 1 - p.extent)
    ill = severe > limit
    _, reticulation, honeycomb = p.shares
    cystic = quantile(coarse[ill], weight[ill], 1 - honeycomb) if honeycomb > 0 else np.inf
    fibrotic = quantile(coarse[ill], weight[ill], 1 - honeycomb - reticulation)
    disease = Disease(
        shape=shape, patches=start.patches, lobules=start.lobules, coarse=start.coarse, limit=limit,
        fibrotic=fibrotic, cystic=cystic,
    )  # fmt: skip
    patterns = np.where(ill, 1 + (coarse > fibrotic) + (coarse > cystic), 0).astype(np.uint8)
    return disease, measure(shape, lattice, inside, weight, patterns)


def measure(
    shape: Shape, lattice: Lattice, inside: npt.NDArray[np.bool_], weight: npt.NDArray[np.float64],
    patterns: npt.NDArray[np.uint8],
) -> Extent:  # fmt: skip
    """Shares of the lungs by pattern, zone and lobe; weight and patterns: of the voxels inside."""
    volume = float(weight.sum())
    share = [float(weight[patterns == k].sum()) / volume for k in (GROUND_GLASS, RETICULATION, HONEYCOMBING)]
    z, y, x = (np.broadcast_to(a, inside.shape)[inside] for a in lattice.opened)
    lobe = shape.lobe(z, y, x)
    low, high = float(z.min()), float(z.max())
    third = np.clip((z - low) / (high - low) * 3, 0, 2.99).astype(int)

    def ill(where: npt.NDArray[np.bool_]) -> float:
        return float(weight[where & (patterns > 0)].sum() / max(float(weight[where].sum()), 1e-9))

    return Extent(
        lung_ml=volume * lattice.pixel**3 / 1000,
        ground_glass=share[0], reticulation=share[1], honeycombing=share[2],
        zones={name: ill(third == k) for k, name in enumerate(("lower", "middle", "upper"))},
        lobes={name: ill(lobe == k) for k, name in enumerate(LOBES, 1)},
    )  # fmt: skip


def quantile(values: Array, weight: npt.NDArray[np.float64], share: float) -> float:
    """The value below which `share` of the weight lies."""
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(np.interp(share * total[-1], total, values[order]))
