"""A chest CT with interstitial lung disease: seed in, slices and everything true about them out."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from training.phantoms.lung import body, bones, mediastinum, parenchyma
from training.phantoms.lung.acquisition import Acquisition, draw_acquisition, expose
from training.phantoms.lung.disease import Disease, Extent, build_disease
from training.phantoms.lung.lattice import Array, Lattice, Tubes, edge, paint_balls
from training.phantoms.lung.person import Person, Sex, draw_person
from training.phantoms.lung.shape import Shape, build_shape
from training.phantoms.lung.trees import Airways, airways, vessels

SIMULATOR_VERSION = "lung-1.0"
MARGIN = 10.0  # mm around the lungs in slices of them (models.md 3)
Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What the CT shows, whatever its resolution. Shares are of the volume of both lungs; lengths in mm."""

    extent: float  #: of all disease
    ground_glass: float
    reticulation: float
    honeycombing: float
    zones: dict[str, float]  #: share diseased of the lower, middle and upper third of the lungs' height
    lobes: dict[str, float]  #: share diseased of each lobe (shape.LOBES)
    lung_volume_ml: float
    inspiration: float  #: against a full breath
    pulmonary_artery: float  #: diameter of the trunk
    aorta: float  #: diameter of the ascending aorta
    oesophagus: float  #: coronal diameter
    heart: float  #: transverse diameter
    cardiothoracic_ratio: float

    @property
    def reticulation_share(self) -> float:
        """Share of the disease that is fibrosis: reticulation or honeycombing."""
        return (self.reticulation + self.honeycombing) / self.extent


@dataclass(frozen=True)
class Scene:
    """All that a seed decides, before a scanner looks at it. external: another hospital."""

    seed: int
    external: bool = False

    @cached_property
    def person(self) -> Person:
        """Who."""
        return draw_person(self.seed, external=self.external)

    @cached_property
    def shape(self) -> Shape:
        """The chest."""
        return build_shape(self.seed, self.person)

    @cached_property
    def acquisition(self) -> Acquisition:
        """The scanner's settings."""
        return draw_acquisition(self.seed, external=self.external)

    @cached_property
    def spread(self) -> tuple[Disease, Extent]:
        """The disease and its extent."""
        return build_disease(self.seed, self.shape)

    @cached_property
    def tubes(self) -> tuple[Tubes, Airways]:
        """Vessels and airways of the lungs."""
        extent = self.spread[1]
        fibrosis = extent.reticulation + extent.honeycombing
        return vessels(self.seed, self.shape), airways(self.seed, self.shape, fibrosis)

    @cached_property
    def truth(self) -> Truth:
        """Everything that a reader could measure."""
        p, extent = self.person, self.spread[1]
        return Truth(
            extent=extent.total, ground_glass=extent.ground_glass, reticulation=extent.reticulation,
            honeycombing=extent.honeycombing, zones=extent.zones, lobes=extent.lobes, lung_volume_ml=extent.lung_ml,
            inspiration=p.inspiration, pulmonary_artery=p.pulmonary_artery, aorta=p.aorta, oesophagus=p.oesophagus,
            heart=p.heart, cardiothoracic_ratio=p.heart / (2 * p.half_width),
        )  # fmt: skip


@dataclass(frozen=True)
class Painted:
    """Painted slices before the scanner: HU, lobes 1..5, patterns 1..3, all (Z, Y, X)."""

    hu: Array = field(repr=False)
    lobes: Labels = field(repr=False)
    patterns: Labels = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ChestCT:
    """hu: float32 (Z, Y, X), z to the head, y to the back, x to the left; spacing (z, y, x) mm; labels uint8.

    lobe_labels: 1..5 as in shape.LOBES, 0 outside the lungs; pattern_labels: 1 ground glass, 2 reticulation,
    3 honeycombing. origin: (z, y, x) mm of voxel 0.
    """

    seed: int
    external: bool
    age: float
    sex: Sex
    hu: Array = field(repr=False)
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    lobe_labels: Labels = field(repr=False)
    pattern_labels: Labels = field(repr=False)
    acquisition: Acquisition = field(repr=False)
    truth: Truth = field(repr=False)

    @property
    def lung_mask(self) -> npt.NDArray[np.bool_]:
        """Both lungs with all that is diseased in them."""
        return self.lobe_labels > 0


@dataclass(frozen=True, kw_only=True)
class ChestSlices:
    """hu: float32 (N, C, size, size), slices feet to head; C: neighbours below, itself, above (or itself alone).

    lobe_labels, pattern_labels: (N, size, size), of the middle slices. heights: z of the slices, mm; pixel: mm.
    """

    seed: int
    external: bool
    age: float
    sex: Sex
    hu: Array = field(repr=False)
    heights: Array = field(repr=False)
    pixel: float
    lobe_labels: Labels = field(repr=False)
    pattern_labels: Labels = field(repr=False)
    truth: Truth = field(repr=False)


def paint(scene: Scene, lattice: Lattice) -> Painted:
    """The chest on a lattice, from the air inwards."""
    shape, scan = scene.shape, scene.acquisition
    disease, _ = scene.spread
    vessel_balls, lumens = scene.tubes
    z, y, x = lattice.opened
    volume, scratch = np.empty(lattice.shape, np.float32), np.zeros(lattice.shape, np.float32)
    around = body.draw_around(scene.seed)
    cage = body.paint_body(volume, lattice, shape, around, scan.blood)
    body.paint_abdomen(volume, lattice, shape, cage=cage, around=around, contrast=scan.blood)
    if scan.table:
        body.paint_table(volume, lattice, shape)
    dome, apex = shape.diaphragm(y, x), shape.apex(y, x)
    depth = np.minimum(np.minimum(cage, apex - z), z - dome)
    lung = np.minimum(depth, -shape.mediastinum(z, y, x))
    np.minimum(lung, -shape.heart(z, y, x, 4.0), out=lung)
    cover = edge(lung, lattice.pixel)
    mediastinum.paint_heart(volume, lattice, shape, scan.blood)
    patterns = np.zeros(lattice.shape, np.uint8)
    fibrotic = parenchyma.paint_lungs(
        volume, patterns, lattice, cover, depth, shape=shape, disease=disease, tissue=parenchyma.draw_tissue(scene.seed)
    )
    mediastinum.paint_vessels(volume, lattice, shape, scan.blood)
    blood = (scan.blood.left + scan.blood.right) / 2
    paint_balls(volume, scratch, lattice, vessel_balls, blood)
    mediastinum.paint_oesophagus(volume, scratch, lattice, shape)
    mediastinum.paint_airways(volume, scratch, lattice, lumens, fibrotic)
    bones.paint_spine(volume, lattice, shape, scan.bone)
    bones.paint_skeleton(volume, scratch, lattice, shape, scan.bone)
    lobes = np.where(cover > 0.5, shape.lobe(z, y, x), 0).astype(np.uint8)
    return Painted(volume, lobes, patterns)


def make_chest_ct(seed: int, *, spacing: tuple[float, float, float] | None = None, external: bool = False) -> ChestCT:
    """A chest CT from above the apices to below the costophrenic recesses, the body whole.

    Parameters
    ----------
    seed
        Decides everything.
    spacing
        Voxel size (z, y, x) in mm, y as large as x; by default the slice thickness drawn and 1.5 mm pixels.
    external
        Patients and scanner of another hospital, kept out of training.

    Raises
    ------
    ValueError
        If the spacing is not within 0.5..8 mm, or pixels are not square.
    """
    scene = Scene(seed, external)
    dz, dy, dx = spacing or (scene.acquisition.thickness, 1.5, 1.5)
    if not all(0.5 <= s <= 8 for s in (dz, dy, dx)) or dy != dx:
        raise ValueError(f"spacing must lie within 0.5..8 mm with square pixels, got {spacing}")
    shape, p = scene.shape, scene.person
    heights = np.arange(shape.floor - 15, shape.top + 25, dz)
    aside, ahead, behind = p.half_width + 60 + p.fat, p.front - 50 - 1.5 * p.fat, p.back + 65 + p.fat
    many = int(np.ceil((2 * aside) / dx)), int(np.ceil((behind - ahead) / dx))
    lattice = Lattice.square(heights.astype(np.float32), ((ahead + behind) / 2, 0.0), (many[1], many[0]), dx)
    painted = paint(scene, lattice)
    hu = expose(painted.hu, lattice, scene.acquisition, np.random.default_rng([seed, 70]))
    return ChestCT(
        seed=seed, external=external, age=p.age, sex=p.sex, hu=hu, spacing=(dz, dy, dx),
        origin=(float(lattice.z[0]), float(lattice.y[0]), float(lattice.x[0])), lobe_labels=painted.lobes,
        pattern_labels=painted.patterns, acquisition=scene.acquisition, truth=scene.truth,
    )  # fmt: skip


def slice_lattice(scene: Scene, slices: int, size: int, channels: Literal[1, 3], apart: float) -> Lattice:
    """Slices equally spaced over the lungs' height, square and as wide as both lungs with a margin."""
    shape, p = scene.shape, scene.person
    low, high = shape.floor + 25, shape.top - 4  # below and above there is almost no lung
    step = (high - low) / slices
    heights = low + step * (np.arange(slices) + 0.5)
    if channels == 3:
        heights = (heights[:, None] + min(apart, 0.45 * step) * np.array([-1.0, 0.0, 1.0])).reshape(-1)
    side = 2 * max(p.half_width, (p.back - p.front) / 2) + 2 * MARGIN
    return Lattice.square(heights.astype(np.float32), ((p.front + p.back) / 2, 0.0), (size, size), side / size)


def make_chest_slices(
    seed: int, *, slices: int = 16, size: int = 128, channels: Literal[1, 3] = 1, apart: float = 2.5,
    external: bool = False,
) -> ChestSlices:  # fmt: skip
    """A few axial slices of the same chest as make_chest_ct's, equally spaced over the lungs' height.

    Parameters
    ----------
    slices, size
        How many, and their rows and columns; the picture spans both lungs and 10 mm around them.
    channels, apart
        3 adds the neighbours `apart` mm below and above each slice.
    """
    scene = Scene(seed, external)
    lattice = slice_lattice(scene, slices, size, channels, apart)
    painted = paint(scene, lattice)
    hu = expose(painted.hu, lattice, scene.acquisition, np.random.default_rng([seed, 71]))
    middle = slice(channels // 2, None, channels)
    return ChestSlices(
        seed=seed, external=external, age=scene.person.age, sex=scene.person.sex,
        hu=hu.reshape(slices, channels, size, size), heights=lattice.z[middle], pixel=lattice.pixel,
        lobe_labels=painted.lobes[middle], pattern_labels=painted.patterns[middle], truth=scene.truth,
    )  # fmt: skip
