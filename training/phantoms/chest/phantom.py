"""A phantom: seed in, radiograph and everything true about it out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy import ndimage

from training.phantoms import physics
from training.phantoms.canvas import Array, Canvas
from training.phantoms.chest.anatomy import Anatomy, View, draw_anatomy
from training.phantoms.chest.devices import devices, marker
from training.phantoms.chest.disease import HEALTHY, Truth, draw_disease, fill
from training.phantoms.chest.hazard import Outcome30, draw_outcome
from training.phantoms.chest.organs import Organs, build_organs
from training.phantoms.chest.skeleton import skeleton

SIMULATOR_VERSION = "chest-1.0"
# Detector formats in mm (rows, columns): 35 x 43 cm upright and across, 43 x 43 cm
FORMATS = {"PA": ((430, 350), (430, 430)), "AP": ((350, 430), (430, 350), (430, 430))}
AP_SHARE = 0.55  # share of bedside pictures among admitted pneumonias; assumption
AGES = (68.0, 16.0)  # mean and SD of adults with pneumonia, cut to 19..97; assumption


@dataclass(frozen=True, kw_only=True)
class Phantom:
    """pixels: float32 (rows, columns) in 0..1, bright is dense. spacing: mm (row, column) in the detector plane."""

    seed: int
    age: float
    sex: Literal["M", "F"]
    view: View | Literal["LL"]
    pixels: Array = field(repr=False)
    spacing: tuple[float, float]
    anatomy: Anatomy
    truth: Truth
    outcome: Outcome30
    mask: Array = field(repr=False)  #: lung fields, 0..1


def draw_age(rng: np.random.Generator) -> float:
    """Age in years of an adult with pneumonia."""
    while True:
        age = float(rng.normal(*AGES))
        if 19 <= age <= 97:
            return age


def draw_person(rng: np.random.Generator) -> tuple[float, Literal["M", "F"], View]:
    """Age in years, sex and view, in the order in which they are drawn."""
    years = draw_age(rng)
    gender: Literal["M", "F"] = "M" if rng.random() < 0.55 else "F"
    return years, gender, "AP" if rng.random() < AP_SHARE else "PA"


def streams_of(seed: int) -> list[np.random.Generator]:
    """Independent generators of a phantom: person, disease, technique, texture, fate, devices."""
    return [np.random.default_rng(s) for s in np.random.SeedSequence([seed, 20]).spawn(6)]


def make_phantom(
    seed: int,
    *,
    longest_side: int = 320,
    age: float | None = None,
    sex: Literal["M", "F"] | None = None,
    view: View | None = None,
    healthy: bool = False,
    external: bool = False,
) -> Phantom:
    """A frontal chest radiograph.

    Parameters
    ----------
    seed
        Decides everything that is not given.
    longest_side
        Pixels along the longer side of the picture. The anatomy does not depend on it; noise fields hardly do.
    age, sex, view
        Fixed instead of drawn. An age below 19 gives child-like proportions, for showing that models refuse it.
    healthy
        No pneumonia and no effusion.
    external
        Beam and display of another hospital, kept out of training.

    Raises
    ------
    ValueError
        If longest_side is below 64 or age is not within 3..100.
    """
    if longest_side < 64:
        raise ValueError(f"longest_side must be at least 64, got {longest_side}")
    if age is not None and not 3 <= age <= 100:
        raise ValueError(f"age must lie in 3..100, got {age}")
    who, sick, how, grain, fate, things = streams_of(seed)
    years, gender, kind = draw_person(who)
    years, gender, kind = years if age is None else age, sex or gender, view or kind
    anatomy = draw_anatomy(who, age=years, sex=gender, view=kind)
    disease = HEALTHY if healthy else draw_disease(sick)
    canvas, collimated = _frame(anatomy, how, longest_side)
    organs = build_organs(anatomy, canvas, grain)
    filled, fluid, truth = fill(anatomy, canvas, organs, disease, grain)
    soft, bone = compose(anatomy, canvas, organs, (filled, fluid), grain)
    bone = bone + devices(anatomy, canvas, things)
    lungs = np.maximum(organs.mask_right, organs.mask_left)
    beam = physics.draw_beam(how, portable=anatomy.view == "AP", external=external)
    pixels = take_picture(anatomy.roll, canvas, collimated, (soft, bone, lungs), beam, chance=(how, things))
    return Phantom(
        seed=seed, age=years, sex=gender, view=kind, pixels=pixels, spacing=(canvas.pitch, canvas.pitch),
        anatomy=anatomy, truth=truth, outcome=draw_outcome(truth, years, fate),
        mask=lungs,
    )  # fmt: skip


def _frame(anatomy: Anatomy, rng: np.random.Generator, longest_side: int) -> tuple[Canvas, tuple[float, ...]]:
    """The detector around the thorax, and how far the collimator blades reach in from each edge (mm)."""
    formats = FORMATS[anatomy.view]
    rows_mm, columns_mm = formats[int(rng.integers(len(formats)))]
    height, width = float(rows_mm), float(columns_mm)
    zoom = 1.0 if anatomy.age >= 18 else 0.72 * anatomy.half_width / 95
    room = max(2 * anatomy.half_width * rng.uniform(1.12, 1.32), anatomy.lung_height * 1.25 * width / height)
    zoom *= min(1.15, max(room / width, 0.72))
    height, width = height * zoom, width * zoom
    pitch = max(height, width) / longest_side
    rows, columns = round(height / pitch), round(width / pitch)
    centre = (rng.normal(0, 7), 0.10 * anatomy.lung_height + rng.normal(0, 10))
    canvas = Canvas(rows=rows, columns=columns, pitch=pitch, left=centre[0] - width / 2, top=centre[1] - height / 2)
    blades = tuple(float(max(0.0, rng.normal(-6, 12))) for _ in range(4))
    return canvas, blades


def compose(
    anatomy: Anatomy,
    canvas: Canvas,
    organs: Organs,
    disease: tuple[Array, Array],
    rng: np.random.Generator,
    *,
    bones: Callable[[Anatomy, Canvas, np.random.Generator], Array] = skeleton,
) -> tuple[Array, Array]:
    """Soft tissue and bone along each ray (mm). disease: share of air replaced (0..1), and mm of pleural fluid."""
    filled, fluid = disease
    texture = 1 + 0.05 * canvas.noise(rng, 3) + 0.05 * canvas.noise(rng, 8)
    airy = np.clip(organs.lungs - fluid, 0, None)
    air = airy * (1 - physics.LUNG_DENSITY * texture) * (1 - filled)
    soft = organs.body - air - np.minimum(organs.air, 0.5 * organs.body)
    soft = soft + organs.vessels * (1 - filled) + 1.2 * canvas.noise(rng, 40) * (organs.body > 20)
    bone = bones(anatomy, canvas, rng) * np.clip(organs.body / 50, 0, 1) + organs.calcium
    return np.asarray(np.clip(soft, 0, None), np.float32), np.asarray(bone, np.float32)


def take_picture(
    roll: float,
    canvas: Canvas,
    blades: tuple[float, ...],
    layers: tuple[Array, Array, Array],
    beam: physics.Beam,
    *,
    chance: tuple[np.random.Generator, np.random.Generator],
    letters: float = 1.0,
) -> Array:
    """Expose, develop, collimate, mark.

    Parameters
    ----------
    roll
        Rotation of the patient in the detector plane, radians.
    blades
        How far the collimator reaches in from the left, right, top and bottom edge, mm.
    layers
        Soft tissue and bone along each ray (mm), and the lung fields (0..1).
    chance
        Of quanta and border, and of the marker.
    letters
        Size of the marker against an adult's.
    """
    rng, things = chance
    soft, bone, lungs = layers
    if abs(roll) > 1e-3:
        degrees = float(np.degrees(roll))
        soft, bone = (ndimage.rotate(a, degrees, reshape=False, order=1, mode="nearest") for a in (soft, bone))
    log_signal = physics.expose(canvas, soft, bone, beam, rng)
    left, right, top, bottom = blades
    x, y = canvas.x - canvas.left, canvas.y - canvas.top
    width, height = canvas.columns * canvas.pitch, canvas.rows * canvas.pitch
    field = canvas.edge(x - left, 1) * canvas.edge(width - right - x, 1)
    field = field * canvas.edge(y - top, 1) * canvas.edge(height - bottom - y, 1)
    picture = physics.develop(canvas, log_signal, beam, lungs)
    white = rng.random() < 0.3  # unexposed border shown as white, or shuttered black
    picture = picture * field + (1 - field) * (1.0 if white else 0.0)
    if things.random() < 0.9:
        picture = np.where(marker(canvas, things, letters), 1.0, picture)
    return np.ascontiguousarray(np.clip(picture, 0, 1), np.float32)
