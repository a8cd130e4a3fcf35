"""Lung tissue in HU: normal lung, ground glass, reticulation and honeycombing."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from training.phantoms.lung.disease import GROUND_GLASS, HONEYCOMBING, RETICULATION, Disease
from training.phantoms.lung.lattice import Array, Lattice, edge
from training.phantoms.lung.shape import Shape
from training.phantoms.lung.texture import Cells, Field

# HU (models.md 7.2): normal lung -860, ground glass -700..-500, reticulation -500..-200, cells of 3-10 mm
NORMAL, GRAVITY, SHALLOW = -860.0, 34.0, 260.0  # ..., from the middle to the back, per share of a full breath missing
GLASS = (-670.0, -545.0)
NET, BETWEEN = (-190.0, -60.0), -540.0  # lines of reticulation, and what lies between them
WALL, AIR = -90.0, -960.0  # of honeycombing
SOFT = 0.10  # of severity: how sharp patterns end


@dataclass(frozen=True, kw_only=True)
class Tissue:
    """A person's lung tissue."""

    glass: float  #: HU
    net: float  #: HU of the lines
    grain: Field = field(repr=False)
    septa: Cells = field(repr=False)
    cysts: Cells = field(repr=False)
    wall: float  #: thickness of cyst walls, mm


def draw_tissue(seed: int) -> Tissue:
    """Random tissue."""
    rng = np.random.default_rng([seed, 67])
    size = float(rng.uniform(4.0, 9.0))
    return Tissue(
        glass=float(rng.uniform(*GLASS)), net=float(rng.uniform(*NET)), grain=Field.draw(rng, 6.0),
        septa=Cells.draw(rng, float(rng.uniform(4.5, 7.5))), cysts=Cells.draw(rng, size),
        wall=float(rng.uniform(1.0, 1.8)),
    )  # fmt: skip


def paint_lungs(
    volume: Array, patterns: npt.NDArray[np.uint8], lattice: Lattice, cover: Array, depth: Array, *,
    shape: Shape, disease: Disease, tissue: Tissue,
) -> Array:  # fmt: skip
    """Paint both lungs and label the patterns; returns how fibrotic each voxel is, 0..1.

    cover: of the lungs; depth: below the pleura of ribs and diaphragm, mm.
    """
    severity = disease.severity(lattice, depth)
    coarse = disease.coarseness(lattice, severity)
    inside = np.flatnonzero(cover > 0)
    share, ill = cover.reshape(-1)[inside], severity.reshape(-1)[inside] - np.float32(disease.limit)
    rough = coarse.reshape(-1)[inside]
    place = np.unravel_index(inside, lattice.shape)
    y = lattice.y[place[1]]
    p = shape.person
    grain = tissue.grain.on(lattice).reshape(-1)[inside]
    base = np.float32(NORMAL + SHALLOW * (0.95 - p.inspiration))
    value = base + np.float32(GRAVITY) * y / np.float32(p.back) + np.float32(13) * grain
    sick = np.clip(ill / np.float32(SOFT) + np.float32(0.5), 0, 1)
    some = np.flatnonzero(sick > 0)
    glass = np.float32(tissue.glass) + np.float32(32) * grain[some]
    value[some] += sick[some] * (glass - value[some])
    fibrotic = np.zeros(len(inside), np.float32)
    fibrotic[some] = sick[some] * np.clip((rough[some] - np.float32(disease.fibrotic)) / np.float32(SOFT) + 0.5, 0, 1)
    net = np.flatnonzero(fibrotic > 0)
    z, x = lattice.z[place[0]], lattice.x[place[2]]
    lines = edge(np.float32(0.75) - tissue.septa.wall(z[net], y[net], x[net]), max(lattice.pixel, 0.8))
    lines *= np.clip(np.float32(0.75) + np.float32(0.35) * grain[net], 0.1, 1)  # broken here and there
    woven = np.float32(BETWEEN) + lines * np.float32(tissue.net - BETWEEN) + np.float32(50) * grain[net]
    value[net] += fibrotic[net] * (woven - value[net])
    if np.isfinite(disease.cystic):
        cystic = fibrotic[net] * np.clip((rough[net] - np.float32(disease.cystic)) / np.float32(SOFT / 2) + 0.5, 0, 1)
        comb = net[cystic > 0]
        away = tissue.cysts.wall(z[comb], y[comb], x[comb])
        walls = edge(np.float32(tissue.wall / 2) - away, max(lattice.pixel, 0.6))
        value[comb] += cystic[cystic > 0] * (np.float32(AIR) + walls * np.float32(WALL - AIR) - value[comb])
    flat = volume.reshape(-1)
    flat[inside] += share * (value - flat[inside])
    label = np.where(rough > disease.cystic, HONEYCOMBING, np.where(rough > disease.fibrotic, RETICULATION, 1))
    patterns.reshape(-1)[inside] = np.where((ill > 0) & (share > 0.5), label, 0) * np.uint8(GROUND_GLASS)
    out = np.zeros(lattice.shape, np.float32)
    out.reshape(-1)[inside] = fibrotic
    return out
