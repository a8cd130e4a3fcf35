"""Who the child is: sizes in millimetres, and a shape drawn in body units so that the adult's drawing fits.

A body unit is the length that makes half the thorax 140 units wide, as in an average man; `scale` says how many mm it
is in this child. Proportions that differ from the adult's are fields of the shape.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.phantoms.chest.anatomy import CAGE, Anatomy
from training.phantoms.child import growth
from training.phantoms.child.growth import Sex, at

Arms = Literal["up", "aside", "down"]
Posture = Literal["PA", "AP"]

HALF = 140.0  # body units; half the thorax of an average man in mm
# The newborn's cage: a triangle, narrow above and widest at the costal margin; assumption, drawn by eye
INFANT_CAGE = (0.20, 0.36, 0.50, 0.62, 0.75, 0.86, 0.96, 1.0, 1.02)
INFANCY: growth.Table = ((0, 1.0), (3, 0.92), (12, 0.5), (24, 0.15), (48, 0.0))  # adult-like by two years; assumption
RIB_FALL: growth.Table = ((0, 26), (6, 40), (24, 82), (72, 105), (216, 124))  # horizontal at birth; units, assumption
# Against an adult, with the stronger contrast that bone has in a child's softer beam; assumption
MINERAL: growth.Table = ((0, 1.45), (24, 1.25), (72, 1.08), (144, 1.05), (216, 1.1))
SHARE_OF_BODY: growth.Table = ((0, 0.60), (24, 0.66), (120, 0.72), (216, 0.74))  # of a vertebra and its disc [A]
AORTA: growth.Table = ((0, 6), (60, 8), (144, 11), (216, 13.5))  # half width of the knob, units; assumption
HEAD_WIDTH: growth.Table = ((0, 95), (12, 122), (36, 135), (72, 142), (216, 153))  # biparietal, mm [R]
THORACIC = 0.62  # height of a middle thoracic segment against a lumbar one: 23 of 37 mm; assumption
RATIO_LIMITS = (0.36, 0.66)  # up to 0.66 in healthy newborns (models.md 7.2 [P])


@dataclass(frozen=True, kw_only=True)
class ChildTruth:
    """What is true of the child and can be seen in the picture. mm at the patient unless said."""

    maturity: float  #: skeletal age, months
    stature: float  #: length or height, cm
    sex: Sex
    thorax_width: float  #: inner diameter at the widest
    thorax_depth: float  #: inner antero-posterior diameter
    lung_length: float  #: right lung from apex to dome, as breathed in
    heart_width: float  #: as seen
    vertebral_body: float  #: height of a lumbar body
    humeral_head: float  #: diameter of the ossified head
    physis: float  #: cartilage between head and shaft of the humerus; 0 when closed
    clavicle_epiphysis: bool  #: a flake at the medial end of the clavicle
    thymus: float  #: against a newborn's, 0..1.6

    @property
    def cardiothoracic_ratio(self) -> float:
        """Width of the heart over that of the thorax."""
        return self.heart_width / self.thorax_width


@dataclass(frozen=True, kw_only=True)
class Child:
    """A child in front of the detector."""

    truth: ChildTruth
    shape: Anatomy  #: in body units
    scale: float  #: mm per body unit
    arms: Arms
    lying: bool
    head: float  #: half width of the head, units
    chin: float  #: how far the chin reaches down: 0 high above, 1 onto the apices
    gas: float  #: how much of the bowel is full of gas, 0..1
    thymus_side: tuple[float, float]  #: its width right and left


def infancy(months: float) -> float:
    """1 in a newborn, 0 once the chest has an adult's form."""
    return at(INFANCY, months)


def draw_child(
    rng: np.random.Generator, *, maturity: float, stature: float, sex: Sex, view: Posture, lying: bool, arms: Arms
) -> Child:
    """A random child of this skeletal age (months), stature (cm) and sex. Knows nothing of the age in the calendar."""
    young = infancy(maturity)
    size = stature / growth.stature_median(maturity, sex)
    width = growth.thorax_width(maturity, sex) * size * np.exp(rng.normal(0, 0.04))
    breath = rng.uniform(0.85, 1.05) if view == "AP" else rng.uniform(0.93, 1.07)
    length = growth.lung_length(maturity, sex) * size * np.exp(rng.normal(0, 0.045)) * breath
    heart = growth.heart_width(maturity, sex) / growth.thorax_width(maturity, sex)
    ratio = heart * (rng.uniform(1.0, 1.10) if view == "AP" else 1.0) + rng.normal(0, 0.028 + 0.012 * young)
    ratio = float(np.clip(ratio, *RATIO_LIMITS))
    thymus = at(growth.THYMUS, maturity) * float(np.exp(rng.normal(0, 0.3)))
    truth = ChildTruth(
        maturity=maturity, stature=stature, sex=sex, thorax_width=float(width),
        thorax_depth=float(width / (at(growth.ROUNDNESS, maturity) * np.exp(rng.normal(0, 0.05)))),
        lung_length=float(length), heart_width=float(ratio * width),
        vertebral_body=growth.vertebral_body(maturity, sex) * size * float(np.exp(rng.normal(0, 0.03))),
        humeral_head=max(0.0, growth.humeral_head(maturity, sex) * size + rng.normal(0, 0.7)),
        physis=at(growth.PHYSIS[sex], maturity),
        clavicle_epiphysis=growth.CLAVICLE_EPIPHYSIS[0] < maturity < growth.CLAVICLE_EPIPHYSIS[1],
        thymus=float(min(thymus, 1.6)),
    )  # fmt: skip
    scale = float(width) / 2 / HALF
    return Child(
        truth=truth, shape=_shape(rng, truth, view, ratio), scale=scale, arms=arms, lying=lying,
        head=at(HEAD_WIDTH, maturity) / 2 / scale, chin=float(rng.uniform(0, 0.5 + 0.5 * lying)),
        gas=float(rng.uniform(0, 0.5) + young * rng.uniform(0.1, 0.5)),
        thymus_side=(float(rng.uniform(0.5, 1.2)), float(rng.uniform(0.5, 1.1))),
    )  # fmt: skip


def _shape(rng: np.random.Generator, truth: ChildTruth, view: Posture, ratio: float) -> Anatomy:
    """Proportions, in body units."""
    months, girl = truth.maturity, truth.sex == "F"
    young, scale = infancy(months), truth.thorax_width / 2 / HALF
    build = float(np.clip(rng.normal(), -2, 2.2))
    grown = float(np.clip((months - 120) / 84, 0, 1))  # puberty
    bust = (24 + 10 * build) * float(np.clip((months - 120) / 60, 0, 1)) if girl else 2 + 3 * build
    share = at(SHARE_OF_BODY, months)
    bed = view == "AP"
    return Anatomy(
        age=months / 12, sex=truth.sex, view=view, half_width=HALF, lung_height=truth.lung_length / scale,
        depth=truth.thorax_depth / 2 / scale,
        wall=max(9.0, 16 + 6 * young + 4 * grown + (5 + 2 * grown) * build + rng.normal(0, 1.5)),
        ratio=ratio, dome_drop=rng.uniform(34, 54) * (1 - 0.35 * young), left_dome=rng.uniform(2, 14),
        aorta=at(AORTA, months) + rng.normal(0, 0.8), unfolding=max(0.0, rng.normal(0, 2)), calcified=0.0,
        bone=float(np.clip(at(MINERAL, months) + rng.normal(0, 0.08), 0.8, 1.9)), breast=max(0.0, bust),
        rib_slope=at(RIB_FALL, months) * rng.uniform(0.85, 1.15), rib_phase=rng.uniform(-0.5, 0.5),
        rib_bend=rng.uniform(0.72, 0.95), kyphosis=0.0,
        tilt=rng.normal(0, 9 if bed else 5), roll=rng.normal(0, 0.05 if bed else 0.018),
        scapula_in=rng.uniform(0.45, 1.0) if bed else rng.uniform(0.05, 0.5),
        hilum=rng.uniform(0.45, 0.75), heart_depth=rng.uniform(0.72, 0.86),
        mediastinum=25 + 4 * young + 3 * grown + rng.normal(0, 1.5) + (2 if bed else 0),
        stomach=rng.uniform(14, 34) if rng.random() < 0.8 else 0.0,
        cage=tuple((t, wide + young * (infant - wide)) for (t, wide), infant in zip(CAGE, INFANT_CAGE, strict=True)),
        rib_end=(0.76 - 0.10 * young, 0.84 - 0.10 * young),
        vertebra=THORACIC * truth.vertebral_body / (share + 0.02) / scale, body_share=share,
    )  # fmt: skip
