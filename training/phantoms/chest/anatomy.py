"""Who the phantom is: body, thorax and habitus, drawn at random from a seeded generator. Lengths in mm."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

View = Literal["PA", "AP"]

# Adult thorax at full inspiration: internal thoracic diameter and apex-to-dome lung height (male, female).
# Cardiothoracic ratio below 0.5 and heart widths below 155/145 mm in health (Simon, Tanner 1972; models.md 7.2).
THORAX_WIDTH = {"M": (292.0, 18.0), "F": (262.0, 16.0)}  # mean, SD; assumption consistent with the heart widths above
LUNG_HEIGHT = {"M": (243.0, 17.0), "F": (215.0, 15.0)}  # assumption
HEIGHT_CM = {"M": (174.0, 7.5), "F": (161.0, 7.0)}  # assumption, European adults over 60
HEALTHY_RATIO = (0.445, 0.035)  # cardiothoracic ratio on PA, mean and SD; assumption
AP_MAGNIFICATION = (1.08, 1.2)  # heart on AP at 1-1.2 m against PA at 1.8 m; assumption
# Half width of the bony cage relative to its widest, from apex (0) to dome (1) and beyond; assumption, drawn by eye
CAGE = (
    (-0.06, 0.20),
    (0.0, 0.34),
    (0.06, 0.50),
    (0.15, 0.66),
    (0.3, 0.82),
    (0.5, 0.93),
    (0.75, 1.0),
    (1.0, 1.0),
    (1.3, 0.94),
)
VERTEBRA = 23.0  # mm, thoracic body with its disc; models.md 7.2 gives 28 mm at T12
CHILD_AT_6 = 0.665  # lung width, length and height at 6 years relative to adults: 66-67 % (models.md 7.2)


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """Everything about the body that the picture shows."""

    age: float  #: years
    sex: Literal["M", "F"]
    view: View
    half_width: float  #: half the internal thoracic diameter
    lung_height: float  #: apex to dome of the right lung
    depth: float  #: half the internal antero-posterior diameter
    wall: float  #: chest wall thickness at the side
    ratio: float  #: cardiothoracic ratio as it will be seen on this view
    dome_drop: float  #: from the dome to the costophrenic angle
    left_dome: float  #: how much lower the left dome stands
    aorta: float  #: half width of the aortic knob
    unfolding: float  #: how far the descending aorta strays to the left
    calcified: float  #: 0..1, calcium in the arch and costal cartilages
    bone: float  #: relative bone mineral
    breast: float  #: extra thickness of a breast
    rib_slope: float  #: total fall of a rib from spine to anterior end
    rib_phase: float  #: shifts the ribs against the lungs
    kyphosis: float  #: 0..1, lowers the chin onto the apices
    tilt: float  #: rotation of the patient about the long axis: shifts mediastinum against the spine
    roll: float  #: rotation in the detector plane, radians
    scapula_in: float  #: 0..1, how far the scapulae overlie the lungs
    mediastinum: float  #: half width of the upper mediastinum
    stomach: float  #: radius of the gastric bubble, 0 for none
    cage: tuple[tuple[float, float], ...] = CAGE  #: outline of the rib cage: heights and relative half widths
    rib_end: tuple[float, float] = (
        0.76,
        0.84,
    )  #: where bone gives way to cartilage, in halves of the cage (1: sternum)
    rib_bend: float = 1.25  #: how late a rib falls: below 1 it slopes down from the spine on
    vertebra: float | None = None  #: thoracic body with its disc; None: in proportion to the lung
    hilum: float = 1.0  #: prominence of hila and pulmonary trunk
    heart_depth: float = 1.0  #: antero-posterior size of the heart
    body_share: float = 0.74  #: share of the body in that height


def draw_anatomy(rng: np.random.Generator, *, age: float, sex: Literal["M", "F"], view: View) -> Anatomy:
    """A random body of this age and sex, standing (PA) or in bed (AP)."""
    child = min(1.0, CHILD_AT_6 + (1 - CHILD_AT_6) * max(0.0, age - 6) / 12) if age < 18 else 1.0
    build = float(np.clip(rng.normal(), -2.2, 2.2))  # one factor behind width, wall, depth and breast
    inspiration = rng.uniform(0.86, 1.04) if view == "PA" else rng.uniform(0.66, 0.95)
    half = (THORAX_WIDTH[sex][0] + THORAX_WIDTH[sex][1] * (0.75 * rng.normal() + 0.35 * build)) / 2 * child
    late = max(0.0, age - 40) / 40  # 0 at 40, 1 at 80
    ratio = rng.normal(*HEALTHY_RATIO) + 0.025 * late + max(0.0, rng.normal(-0.04, 0.06))  # large hearts
    ratio += 0.085 * (1 - child)
    if view == "AP":
        ratio *= rng.uniform(*AP_MAGNIFICATION)
    return Anatomy(
        age=age, sex=sex, view=view,
        half_width=half, lung_height=rng.normal(*LUNG_HEIGHT[sex]) * inspiration * child,
        depth=half * rng.uniform(0.60, 0.76),
        wall=(20 + 9 * build + rng.normal(0, 3) + (4 if view == "AP" else 0)) * child + 6,
        ratio=float(np.clip(ratio, 0.36, 0.68)),
        dome_drop=rng.uniform(38, 62) * child * (1.0 if view == "PA" else 0.75),
        left_dome=rng.uniform(4, 20) * child,
        aorta=(14 + 5 * late + rng.normal(0, 1.8)) * child, unfolding=max(0.0, 12 * late + rng.normal(0, 4)),
        calcified=float(np.clip(late * rng.uniform(0.1, 1.3) - 0.25, 0, 1)),
        bone=float(np.clip(1.12 - 0.3 * late * (1.25 if sex == "F" else 1.0) + rng.normal(0, 0.1), 0.5, 1.4)),
        breast=max(0.0, 26 + 13 * build + rng.normal(0, 7)) if sex == "F" and age > 14 else max(0.0, 5 + 4 * build),
        rib_slope=rng.uniform(70, 105) * (child if age >= 18 else child * 0.55),
        rib_phase=rng.uniform(-0.5, 0.5),
        kyphosis=float(np.clip(0.55 * late + rng.normal(0, 0.2) + (0.2 if view == "AP" else 0), 0, 1)),
        tilt=rng.normal(0, 5 if view == "PA" else 11), roll=rng.normal(0, 0.018 if view == "PA" else 0.045),
        scapula_in=rng.uniform(0, 0.25) if view == "PA" else rng.uniform(0.35, 1.0),
        mediastinum=(23 + 5 * late + rng.normal(0, 2.5) + (5 if view == "AP" else 0)) * child + 9 * (1 - child),
        stomach=rng.uniform(14, 36) * child if rng.random() < (0.8 if view == "PA" else 0.45) else 0.0,
    )  # fmt: skip
