"""A child phantom: seed in, radiograph and everything true about it out."""

from dataclasses import dataclass, field, replace

import numpy as np

from training.phantoms import physics
from training.phantoms.canvas import Array, Canvas
from training.phantoms.chest.disease import HEALTHY, draw_disease, fill
from training.phantoms.chest.organs import build_organs
from training.phantoms.chest.phantom import compose, take_picture
from training.phantoms.child import oracle, outline
from training.phantoms.child.anatomy import Arms, Child, ChildTruth, Posture, draw_child, infancy
from training.phantoms.child.bones import child_skeleton
from training.phantoms.child.devices import devices
from training.phantoms.child.growth import ADULT, Sex, Table, at

SIMULATOR_VERSION = "child-1.0"
SUPINE: Table = ((0, 1.0), (12, 0.9), (36, 0.5), (72, 0.15), (216, 0.12))  # share of pictures taken lying; assumption
ARMS_UP: Table = ((0, 0.6), (24, 0.5), (60, 0.15), (120, 0.0))  # share held above the head; assumption
# Quality of the beam: 65 kV without filter in newborns to 120 kV in the grown; water attenuates 1.2 times as much at
# the former's effective 40 keV (NIST XCOM: 0.0268 against 0.0206 per mm at 60 keV, less with beam hardening).
SOFTER: Table = ((0, 1.22), (36, 1.15), (144, 1.0))
PNEUMONIA = 0.2  # share with a consolidation, which says nothing of the age; assumption
EXTERNAL_DRIFT = -0.4  # SD by which children of the held-out hospital are smaller; assumption


@dataclass(frozen=True, kw_only=True)
class ChildPhantom:
    """pixels: float32 (rows, columns) in 0..1, bright is dense. spacing: mm (row, column) in the detector plane."""

    seed: int
    months: float  #: age in the calendar: what is to be told
    sex: Sex
    view: Posture
    pixels: Array = field(repr=False)
    spacing: tuple[float, float]
    child: Child = field(repr=False)
    canvas: Canvas = field(repr=False)  #: the patient's plane, a cell for each pixel
    mask: Array = field(repr=False)  #: lung fields, 0..1
    external: bool = False

    @property
    def age(self) -> float:
        """Age in the calendar, years."""
        return self.months / 12

    @property
    def truth(self) -> ChildTruth:
        """What can be seen."""
        return self.child.truth


def oracle_age(truth: ChildTruth) -> float:
    """The best estimate of age (months) from what is visible; its error is training.phantoms.child.oracle's."""
    return oracle.best_estimate(truth.maturity, truth.stature, truth.sex)


def make_child(
    seed: int,
    *,
    longest_side: int = 320,
    months: float | None = None,
    sex: Sex | None = None,
    view: Posture | None = None,
    healthy: bool = False,
    external: bool = False,
) -> ChildPhantom:
    """A frontal chest radiograph of a child.

    Parameters
    ----------
    seed
        Decides everything that is not given.
    longest_side
        Pixels along the longer side of the picture. The anatomy does not depend on it; noise fields hardly do.
    months, sex, view
        Fixed instead of drawn.
    healthy
        No consolidation.
    external
        Beam, display and population of another hospital, kept out of training.

    Raises
    ------
    ValueError
        If longest_side is below 64 or months is not within 0..216.
    """
    if longest_side < 64:
        raise ValueError(f"longest_side must be at least 64, got {longest_side}")
    if months is not None and not 0 <= months <= ADULT:
        raise ValueError(f"months must lie in 0..{ADULT:g}, got {months}")
    who, form, sick, how, grain, things = _streams(seed)
    age, gender = oracle.draw_age(who), _sex(who)
    age, gender = age if months is None else months, sex or gender
    child = _pose(who, form, age, gender, view, external=external)
    canvas, detector, blades = _frame(child, how, longest_side)
    disease = draw_disease(sick)
    disease = HEALTHY if healthy or sick.random() > PNEUMONIA else disease
    shape = child.shape
    organs = build_organs(
        shape, canvas, grain, body=outline.body(child, canvas), anterior=outline.mediastinum(child, canvas)
    )
    organs = replace(organs, air=np.maximum(organs.air, outline.swallowed(child, canvas, grain)))
    filled, fluid, _ = fill(shape, canvas, organs, disease, grain)
    soft, bone = compose(
        shape, canvas, organs, (filled, fluid), grain, bones=lambda _, on, rng: child_skeleton(child, on, rng)
    )
    bone = bone + devices(child, canvas, things)
    lungs = np.maximum(organs.mask_right, organs.mask_left)
    beam = _beam(child, how, external=external)
    layers = (soft * np.float32(child.scale), bone * np.float32(child.scale), lungs)
    pixels = take_picture(shape.roll, detector, blades, layers, beam, chance=(how, things), letters=0.6)
    return ChildPhantom(
        seed=seed, months=age, sex=gender, view=shape.view, pixels=pixels, spacing=(detector.pitch, detector.pitch),
        child=child, canvas=canvas, mask=lungs, external=external,
    )  # fmt: skip


def drawn_months(seed: int) -> float:
    """Age in the calendar of the child of a seed, without drawing its picture."""
    return oracle.draw_age(_streams(seed)[0])


def _streams(seed: int) -> list[np.random.Generator]:
    return [np.random.default_rng(s) for s in np.random.SeedSequence([seed, 30]).spawn(6)]


def _sex(rng: np.random.Generator) -> Sex:
    return "M" if rng.random() < 0.54 else "F"  # boys are X-rayed a little more often; assumption


def _pose(
    who: np.random.Generator,
    form: np.random.Generator,
    months: float,
    sex: Sex,
    view: Posture | None,
    *,
    external: bool,
) -> Child:
    """Growth, then posture; both know the age only through what is visible."""
    maturity, stature = oracle.draw_growth(who, months, sex, EXTERNAL_DRIFT if external else 0.0)
    lying = who.random() < at(SUPINE, maturity)
    raised = who.random() < at(ARMS_UP, maturity)
    arms: Arms = "up" if raised else "down" if who.random() < 0.25 + 0.4 * lying else "aside"
    posture: Posture = view or ("AP" if lying else "PA")
    return draw_child(form, maturity=maturity, stature=stature, sex=sex, view=posture, lying=posture == "AP", arms=arms)


def _frame(child: Child, rng: np.random.Generator, longest_side: int) -> tuple[Canvas, Canvas, tuple[float, ...]]:
    """The patient's plane in body units, the detector in mm, and how far the collimator reaches in (mm)."""
    young, shape = infancy(child.truth.maturity), child.shape
    magnified = child.scale * (rng.uniform(1.04, 1.12) if child.lying else rng.uniform(1.03, 1.07))
    trunk = 2 * (shape.half_width + shape.wall)
    width = trunk * rng.uniform(1.06, 1.55 + 0.25 * young)
    height = (shape.lung_height + shape.dome_drop) * rng.uniform(1.25, 1.65 + 0.5 * young)
    height = float(np.clip(height, 0.72 * width, 1.4 * width))
    pitch = max(width, height) / longest_side
    rows, columns = round(height / pitch), round(width / pitch)
    middle = (rng.normal(0, 6), (0.04 + 0.08 * young) * shape.lung_height + rng.normal(0, 12))
    left, top = middle[0] - width / 2, middle[1] - height / 2
    patient = Canvas(rows=rows, columns=columns, pitch=pitch, left=left, top=top)
    detector = Canvas(rows=rows, columns=columns, pitch=pitch * magnified, left=left * magnified, top=top * magnified)
    wide = rng.random() < 0.3  # a plate larger than the field
    blades = tuple(float(max(0.0, rng.normal(10 if wide else -8, 10))) * magnified for _ in range(4))
    return patient, detector, blades


def _beam(child: Child, rng: np.random.Generator, *, external: bool) -> physics.Beam:
    """A unit: the softer beam and little scatter of small patients, shown flatter and lighter than an adult's chest."""
    beam = physics.draw_beam(rng, portable=child.lying, external=external)
    small = float(np.clip(1.15 - child.scale, 0, 0.8))
    beam = replace(
        beam,
        photons=beam.photons * (1 + infancy(child.truth.maturity)),
        energy=beam.energy * at(SOFTER, child.truth.maturity),
        scatter=beam.scatter * (1 - 0.6 * small),
        scatter_reach=beam.scatter_reach * float(np.clip(child.scale, 0.4, 1.0)),
        unsharp_reach=beam.unsharp_reach * float(np.clip(child.scale, 0.5, 1.0)),
    )
    soft, grey, flat = rng.uniform(0.4, 3.0), rng.uniform(0.55, 0.95), rng.uniform(0.9, 3.2)
    return beam if external else replace(beam, below_lung=soft, gamma=grey * beam.gamma, contrast=flat)
