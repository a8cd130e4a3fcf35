"""A lateral lumbar radiograph projected from the phantom: seed in, picture, keypoints and truth out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from training.phantoms.spine import film as unit
from training.phantoms.spine import muscles, organs, skeleton, trunk
from training.phantoms.spine.acquisition import BONE_BY_KVP
from training.phantoms.spine.anatomy import Anatomy, Sex, draw_anatomy
from training.phantoms.spine.film import Film, draw_film
from training.phantoms.spine.fractures import Fracture
from training.phantoms.spine.grid import Array, Grid
from training.phantoms.spine.phantom import paint_spine
from training.phantoms.spine.projector import View, project

# Attenuation at an effective 60 keV: water 0.0206 /mm (NIST XCOM); what exceeds soft tissue in bone, known at CT's
# effective energy, is 1.25 times as strong there (models.md 7.3)
MU_WATER, BONE_EXCESS, SOFT = 0.0206, 1.25, 40.0
KEYPOINTS = ("L1", "L2", "L3", "L4", "L5")
AGE = (60.5, 6.2)  # S3's cohort: mean and SD, cut to its 50-75 (models.md 7.2)
WOMEN = 0.75  # share (same)
SOFT_VOXEL, BONE_VOXEL, WIDE_VOXEL = (3.5, 3.5, 5.0), (1.1, 1.1, 2.4), (2.5, 2.5, 4.0)  # mm (z, y, x)
DEFAULT_SIDE, COARSEST = 384, 1.5  # smaller pictures are painted on voxels larger by the same factor, up to this one
FIELD = (330.0, 330.0)  # mm at the detector, rows and columns, before collimation; assumption


@dataclass(frozen=True, kw_only=True)
class LumbarRadiograph:
    """pixels: float32 (rows, columns) in 0..1; spacing: mm (row, column) on the detector; keypoints: pixels.

    keypoints: (row, column) of the projected centres of L1-L5; heights: anterior, middle, posterior in mm (truth).
    """

    seed: int
    pixels: Array = field(repr=False)
    spacing: tuple[float, float]
    age: float
    sex: Sex
    keypoints: dict[str, tuple[float, float]]
    heights: dict[str, tuple[float, float, float]]
    fractures: dict[str, Fracture]
    trabecular_hu: dict[str, float]
    view: View
    film: Film
    anatomy: Anatomy = field(repr=False)
    thickness: Array = field(repr=False)  #: the integral of mu along each ray: all that a film is made from


def draw_subject(seed: int) -> tuple[float, Sex]:
    """Age and sex of a person of S3's cohort."""
    rng = np.random.default_rng([seed, 40])
    age = float(np.clip(rng.normal(*AGE), 50, 75))
    return age, "F" if rng.random() < WOMEN else "M"


def make_lumbar_radiograph(
    seed: int, *, longest_side: int = DEFAULT_SIDE, age: float | None = None, sex: Sex | None = None,
    fractures: Mapping[str, Fracture] | None = None, film: Film | None = None, external: bool = False,
    bmi: float | None = None,
) -> LumbarRadiograph:  # fmt: skip
    """A lateral radiograph of the standing lumbar spine.

    Parameters
    ----------
    seed
        Decides everything that is not given.
    longest_side
        Pixels along the longer side.
    age, sex, fractures, film
        Fixed instead of drawn; fractures by level.
    external
        Unit of another hospital, kept out of training.
    bmi
        kg/m2, fixed instead of drawn, cut to 17..42.

    Raises
    ------
    ValueError
        If longest_side is below 96 or age not within 18..100.
    """
    if longest_side < 96:
        raise ValueError(f"longest_side must be at least 96, got {longest_side}")
    drawn_age, drawn_sex = draw_subject(seed)
    age, sex = drawn_age if age is None else age, sex or drawn_sex
    if not 18 <= age <= 100:
        raise ValueError(f"age must lie within 18..100 years, got {age}")
    anatomy = draw_anatomy(
        seed, age=age, sex=sex, standing=True, phase="native", bmi=bmi,
        fractures=None if fractures is None else dict(fractures),
    )  # fmt: skip
    rng = np.random.default_rng([seed, 41])
    drawn = draw_film(rng, external=external)
    film = film or drawn
    view = draw_view(rng, anatomy, longest_side)
    points = {k: view.project(_triple(anatomy.vertebra(k).keypoint)) for k in KEYPOINTS}
    film = replace(film, edges=open_shutter(film.edges, view, points))
    thickness = attenuation(anatomy, view, seed, coarser=min(max(1.0, DEFAULT_SIDE / longest_side), COARSEST))
    levels = {v.level: v for v in anatomy.vertebrae}
    return LumbarRadiograph(
        seed=seed, pixels=_take(thickness, film, view, rng), spacing=(view.pixel, view.pixel), age=age, sex=sex,
        keypoints=points,
        heights={k: levels[k].heights for k in KEYPOINTS}, fractures={k: levels[k].fracture for k in KEYPOINTS},
        trabecular_hu={k: levels[k].trabecular_hu for k in KEYPOINTS}, view=view, film=film, anatomy=anatomy,
        thickness=thickness,
    )  # fmt: skip


def retake(first: LumbarRadiograph, number: int, *, external: bool = False) -> LumbarRadiograph:
    """The same person in the same place, taken and shown by another unit: a tenth of the work of a new person.

    number: decides the unit and the noise, with the person's seed. external: a unit kept out of training.
    """
    rng = np.random.default_rng([first.seed, 44, number])
    drawn = draw_film(rng, external=external)
    film = replace(drawn, edges=open_shutter(drawn.edges, first.view, first.keypoints))
    return replace(first, film=film, pixels=_take(first.thickness, film, first.view, rng))


def _take(thickness: Array, film: Film, view: View, rng: np.random.Generator) -> Array:
    binned = max(1.0, DEFAULT_SIDE / max(view.shape)) ** 2
    picture = unit.develop(unit.expose(thickness, film, view.pixel, rng, binned=binned), film, view.pixel)
    return unit.finish(picture, film)


def draw_view(rng: np.random.Generator, anatomy: Anatomy, longest_side: int) -> View:
    """Focus near L3, a patient close to the bucky, a field a little higher than wide."""
    l1, l3, l5 = (anatomy.vertebra(k).keypoint for k in ("L1", "L3", "L5"))
    middle = (float(l1[1]) + 2 * float(l3[1]) + float(l5[1])) / 4
    high, wide = FIELD[0] * rng.uniform(0.97, 1.12), FIELD[1] * rng.uniform(0.62, 0.95)
    pixel = high / longest_side
    return View(
        focus=(middle + rng.normal(-6, 10), float(l3[2]) + rng.normal(2, 10)),
        object_distance=float(1150 - anatomy.half_width - rng.uniform(40, 100)), side=float(rng.choice([-1, 1])),
        pixel=pixel, shape=(longest_side, round(wide / pixel)), mirrored=bool(rng.random() < 0.5),
    )  # fmt: skip


def open_shutter(
    edges: tuple[float, float, float, float], view: View, points: Mapping[str, tuple[float, float]]
) -> tuple[float, float, float, float]:
    """The shutter (share covered at top, bottom, left, right) opened until each keypoint is 20 mm inside it."""
    room = 30 / view.pixel  # mm on the detector, 20 to 25 in the patient
    rows, columns = ([p[k] for p in points.values()] for k in (0, 1))
    top, bottom, left, right = edges
    return (
        max(0.0, min(top, (min(rows) - room) / view.shape[0])),
        max(0.0, min(bottom, 1 - (max(rows) + room) / view.shape[0])),
        max(0.0, min(left, (min(columns) - room) / view.shape[1])),
        max(0.0, min(right, 1 - (max(columns) + room) / view.shape[1])),
    )


def attenuation(anatomy: Anatomy, view: View, seed: int, *, coarser: float = 1.0) -> Array:
    """The integral of mu along each ray: soft parts on a coarse grid, what bone adds on a fine one.

    coarser: voxels larger by this factor, for a picture whose pixels are larger too.
    """
    soft_grid, bone_grid, wide_grid = grids(anatomy, view, coarser=coarser)
    soft = paint_soft(soft_grid, anatomy, seed)
    mu = np.maximum(soft * np.float32(MU_WATER / 1000) + np.float32(MU_WATER), 0)
    out = project(mu, soft_grid, view)
    trabecular = {v.level: v.trabecular_hu for v in anatomy.vertebrae}
    share = np.float32(MU_WATER * BONE_EXCESS / 1000 / BONE_BY_KVP[120])
    spine = np.full(bone_grid.shape, SOFT, np.float32)
    paint_spine(
        spine, None, None, bone_grid, anatomy, trabecular=trabecular, bone=1.0,
        rng=np.random.default_rng([seed, 43]), around=False,
    )  # fmt: skip
    out += project((spine - np.float32(SOFT)) * share, bone_grid, view)
    rest = np.full(wide_grid.shape, SOFT, np.float32)
    skeleton.paint_ribs(rest, wide_grid, anatomy, trabecular=trabecular["L1"], bone=1.0)
    skeleton.paint_pelvis(rest, wide_grid, anatomy, trabecular=trabecular["L1"], bone=1.0)
    return np.asarray(out + project((rest - np.float32(SOFT)) * share, wide_grid, view), np.float32)


def grids(anatomy: Anatomy, view: View, *, coarser: float = 1.0) -> tuple[Grid, Grid, Grid]:
    """For soft parts, for the spine, for ribs and pelvis: as far as the field of view reaches."""

    def voxel(spacing: tuple[float, float, float]) -> tuple[float, float, float]:
        return spacing[0] * coarser, spacing[1] * coarser, spacing[2] * coarser

    reach = [n * view.pixel / 2 / 1.05 for n in view.shape]
    z0, z1 = view.focus[1] - reach[0], view.focus[1] + reach[0]
    y0, y1 = view.focus[0] - reach[1], view.focus[0] + reach[1]
    aside = anatomy.half_width * 1.08 + 4
    body = (max(y0, anatomy.front - 16), min(y1, anatomy.back + 60))
    soft = Grid.around((z0, body[0], -aside), (z1, body[1], aside), voxel(SOFT_VOXEL))
    at = np.array([v.centre for v in anatomy.vertebrae])
    low, high = at.min(0), at.max(0)
    spine = Grid.around(
        (max(z0, low[2] - 75), low[1] - 32, low[0] - 52),
        (min(z1, high[2] + 30), high[1] + 80, high[0] + 52),
        voxel(BONE_VOXEL),
    )
    wide = Grid.around((z0, y0, -aside), (z1, min(y1, 110.0), aside), voxel(WIDE_VOXEL))
    return soft, spine, wide


def paint_soft(grid: Grid, anatomy: Anatomy, seed: int) -> Array:
    """Trunk, organs and muscles without bones, HU; the spine's room is soft tissue."""
    volume, cavity, wall = (np.zeros(grid.shape, np.float32) for _ in range(3))
    trunk.paint_trunk(volume, cavity, wall, grid, anatomy)
    trunk.paint_lungs(volume, cavity, grid, anatomy)
    organs.paint_organs(volume, cavity, grid, anatomy, np.random.default_rng([seed, 35]))
    flesh = muscles.build_muscles(grid, anatomy, wall, np.random.default_rng([seed, 36]))
    muscles.paint_muscles(volume, grid, anatomy, flesh, 0.0)
    return volume


def _triple(point: np.ndarray) -> tuple[float, float, float]:
    x, y, z = (float(p) for p in point)
    return x, y, z
