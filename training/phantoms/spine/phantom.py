"""An abdominal CT of T11-S1: seed in, volume and everything true about it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from training.phantoms.spine import acquisition as scanner
from training.phantoms.spine import bones, muscles, organs, skeleton, trunk
from training.phantoms.spine.acquisition import Acquisition, draw_acquisition
from training.phantoms.spine.anatomy import Anatomy, Phase, Sex, draw_anatomy
from training.phantoms.spine.fractures import Fracture
from training.phantoms.spine.grid import Array, Grid

SIMULATOR_VERSION = "spine-1.0"
AGES = (50.0, 80.0)  # S4's eligibility (models.md 3)
WOMEN = 0.6  # share; assumption
MEASURED = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")
Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Muscle:
    """area: cm2 of muscle within -29..150 HU; hu: its mean; fat: share of the compartment below -29 HU."""

    area: float
    hu: float
    fat: float


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What the volume shows, before blur and noise. Keypoints: body centres, (x, y, z) mm, LPS."""

    trabecular_hu: dict[str, float]  #: by level, as this scan shows it
    trabecular_hu_120: dict[str, float]  #: by level, native at 120 kVp
    fractures: dict[str, Fracture]  #: by level, T11-L5, whole ones with grade 0
    keypoints: dict[str, tuple[float, float, float]]
    muscle: Muscle  #: all skeletal muscle in the slice through L3's centre
    muscles: dict[str, Muscle]  #: the same by muscle
    metal: tuple[str, ...]  #: levels with metal: reject
    cut_off: bool  #: the field of view is smaller than the body: areas are of what is seen


@dataclass(frozen=True, kw_only=True)
class SpineCT:
    """hu: float32 (Z, Y, X), z to the head, y to the back, x to the left; spacing (z, y, x) mm; labels uint8.

    vertebra_labels: VerSe values (18 = T11, 19 = T12, 20-24 = L1-L5, 26 = sacrum); roi: trabecular region, the same
    values; muscle_labels: muscles.LABELS.
    """

    seed: int
    hu: Array = field(repr=False)
    grid: Grid
    vertebra_labels: Labels = field(repr=False)
    roi: Labels = field(repr=False)
    muscle_labels: Labels = field(repr=False)
    anatomy: Anatomy = field(repr=False)
    acquisition: Acquisition
    truth: Truth = field(repr=False)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size (z, y, x) in mm."""
        return self.grid.spacing


def draw_person(seed: int) -> tuple[float, Sex]:
    """Age and sex of a person eligible for S4."""
    rng = np.random.default_rng([seed, 30])
    return float(rng.uniform(*AGES)), "F" if rng.random() < WOMEN else "M"


def make_spine_ct(
    seed: int, *, spacing: tuple[float, float, float] = (2.0, 2.0, 2.0), age: float | None = None,
    sex: Sex | None = None, phase: Phase | None = None, fractures: Mapping[str, Fracture] | None = None,
    acquisition: Acquisition | None = None, external: bool = False,
) -> SpineCT:  # fmt: skip
    """An abdominal CT from T10/T11 to S1.

    Parameters
    ----------
    seed
        Decides everything that is not given.
    spacing
        Voxel size (z, y, x) in mm; z is the slice thickness too.
    age, sex, phase, fractures, acquisition
        Fixed instead of drawn; fractures by level.
    external
        Scanner of another hospital, kept out of training.

    Raises
    ------
    ValueError
        If the spacing is not within 0.5..8 mm or age not within 18..100.
    """
    if not all(0.5 <= s <= 8 for s in spacing):
        raise ValueError(f"spacing must lie within 0.5..8 mm, got {spacing}")
    drawn_age, drawn_sex = draw_person(seed)
    age, sex = drawn_age if age is None else age, sex or drawn_sex
    if not 18 <= age <= 100:
        raise ValueError(f"age must lie within 18..100 years, got {age}")
    anatomy = draw_anatomy(
        seed, age=age, sex=sex, phase=phase, fractures=None if fractures is None else dict(fractures)
    )
    rng = np.random.default_rng([seed, 34])
    drawn = draw_acquisition(rng, external=external)
    scan = acquisition or drawn
    grid = scan_grid(anatomy, spacing, scan.margin)
    fine, many = scanner.fine_grid(grid)
    painted = paint_all(fine, anatomy, bone=scan.bone, seed=seed, table=scan.table)
    metal = scanner.paint_metal(painted.volume, fine, anatomy, rng) if scan.metal else ()
    clean = scanner.thicken(painted.volume, many)
    middle = slice(many // 2, None, many)
    truth = measure(
        clean, painted.muscle_labels[middle], grid, anatomy, trabecular=painted.trabecular, metal=metal,
        cut_off=scan.margin < 0,
    )  # fmt: skip
    return SpineCT(
        seed=seed, hu=scanner.expose(clean, grid, scan, rng), grid=grid,
        vertebra_labels=painted.vertebra_labels[middle].copy(), roi=painted.roi[middle].copy(),
        muscle_labels=painted.muscle_labels[middle].copy(), anatomy=anatomy, acquisition=scan, truth=truth,
    )  # fmt: skip


def scan_grid(anatomy: Anatomy, spacing: tuple[float, float, float], margin: float) -> Grid:
    """From above T11 to below S1, as wide as the body plus the margin (mm)."""
    t11, s1 = anatomy.vertebra("T11"), anatomy.vertebra("S1")
    aside = anatomy.half_width * (1.0 if margin < 0 else 1.075) + margin
    ahead = 0.3 * margin if margin < 0 else margin + 4
    behind = 45 if margin > 0 else 6
    low = (float(s1.centre[2]) - 42, anatomy.front - ahead, -aside)  # mostly the sides are cut off
    return Grid.around(low, (float(t11.centre[2]) + 22, anatomy.back + behind, aside), spacing)


@dataclass(frozen=True)
class Painted:
    """A painted grid, before the scanner; trabecular: HU by level."""

    volume: Array
    vertebra_labels: Labels
    roi: Labels
    muscle_labels: Labels
    trabecular: dict[str, float]


def paint_all(grid: Grid, anatomy: Anatomy, *, bone: float, seed: int, table: bool, bowel: bool = True) -> Painted:
    """Everything, from the air inwards. bone: how bright mineral is against 120 kVp; bowel: whether there is any."""
    volume, cavity, wall = (np.zeros(grid.shape, np.float32) for _ in range(3))
    labels, roi = np.zeros(grid.shape, np.uint8), np.zeros(grid.shape, np.uint8)
    enhanced = organs.ENHANCED[anatomy.phase]
    trunk.paint_trunk(volume, cavity, wall, grid, anatomy)
    trunk.paint_lungs(volume, cavity, grid, anatomy)
    if table:
        trunk.paint_table(volume, grid, anatomy)
    organs.paint_organs(volume, cavity, grid, anatomy, np.random.default_rng([seed, 35]), bowel=bowel)
    flesh = muscles.build_muscles(grid, anatomy, wall, np.random.default_rng([seed, 36]))
    muscles.paint_muscles(volume, grid, anatomy, flesh, enhanced["muscle"])
    trabecular = {v.level: v.trabecular_hu * bone + enhanced["bone"] for v in anatomy.vertebrae}
    paint_spine(
        volume, labels, roi, grid, anatomy, trabecular=trabecular, bone=bone, rng=np.random.default_rng([seed, 37])
    )
    flesh.labels[labels > 0] = 0
    return Painted(volume, labels, roi, flesh.labels, trabecular)


def paint_spine(
    volume: Array, labels: Labels | None, roi: Labels | None, grid: Grid, anatomy: Anatomy,
    *, trabecular: dict[str, float], bone: float, rng: np.random.Generator, around: bool = True,
) -> None:  # fmt: skip
    """All bones, discs and the canal; around: ribs and pelvis too."""
    l1 = trabecular["L1"]
    if around:
        skeleton.paint_ribs(volume, grid, anatomy, trabecular=l1, bone=bone)
        skeleton.paint_pelvis(volume, grid, anatomy, trabecular=l1, bone=bone)
    bones.paint_canal(volume, grid, anatomy.vertebrae)
    skeleton.paint_sacrum(volume, labels, grid, anatomy, trabecular=l1, bone=bone)
    for v in anatomy.vertebrae[:-1]:
        bones.paint_arch(volume, labels, grid, v, trabecular=trabecular[v.level], bone=bone)
    for upper, lower in zip(anatomy.vertebrae[:-1], anatomy.vertebrae[1:], strict=True):
        bones.paint_disc(volume, grid, upper, lower, vacuum=bool(rng.random() < max(0.0, anatomy.age - 55) / 250))
    for v in anatomy.vertebrae:
        bones.paint_body(volume, labels, roi, grid, v, trabecular=trabecular[v.level], rng=rng, bone=bone)


def measure(
    volume: Array,
    labels: Labels,
    grid: Grid,
    anatomy: Anatomy,
    *,
    trabecular: dict[str, float],
    metal: tuple[str, ...],
    cut_off: bool,
) -> Truth:
    """Read the truth off the painted grid and the anatomy."""
    l3 = anatomy.vertebra("L3").keypoint
    k = int(np.clip(round(grid.index(tuple(l3))[0]), 0, grid.shape[0] - 1))
    cell = grid.spacing[1] * grid.spacing[2] / 100
    section, image = labels[k], volume[k]

    def one(inside: npt.NDArray[np.bool_]) -> Muscle:
        values = image[inside]
        lean = values[(values >= muscles.SKELETAL[0]) & (values <= muscles.SKELETAL[1])]
        hu = float(lean.mean()) if lean.size else float("nan")
        return Muscle(
            area=lean.size * cell, hu=hu, fat=float((values < muscles.SKELETAL[0]).mean()) if values.size else 0.0
        )

    levels = {v.level: v for v in anatomy.vertebrae}
    present = {name: section == n for name, n in muscles.LABELS.items() if (section == n).any()}
    return Truth(
        trabecular_hu={k: trabecular[k] for k in MEASURED},
        trabecular_hu_120={k: levels[k].trabecular_hu for k in MEASURED},
        fractures={k: levels[k].fracture for k in MEASURED},
        keypoints={k: _triple(levels[k].keypoint) for k in MEASURED},
        muscle=one(section > 0), muscles={name: one(where) for name, where in present.items()},
        metal=metal, cut_off=cut_off,
    )  # fmt: skip


def _triple(point: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(p) for p in point)
    return x, y, z
