"""Vertebrae as numbers: where each stands, how it is turned, how high, wide and dense it is, whether it is broken."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.phantoms.spine.curve import draw_curve
from training.phantoms.spine.fractures import WHOLE, Fracture, heights
from training.phantoms.spine.grid import Vector

LEVELS = ("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1")
# Label values of the VerSe data sets (8-19 are T1-T12, 20-25 L1-L6, 26 the sacrum)
LABEL = {"T10": 17, "T11": 18, "T12": 19, "L1": 20, "L2": 21, "L3": 22, "L4": 23, "L5": 24, "S1": 26}

# Posterior height, men. T12-L4: interpolated, checked against fracture series (JOSR 2023; models.md 7.2); L5: Cook &
# Baker 2021. T10, T11, S1: assumptions. Women x0.955 (models.md 7.2).
HEIGHT = {"T10": 25.0, "T11": 26.5, "T12": 28.0, "L1": 29.0, "L2": 29.5, "L3": 29.0, "L4": 28.5, "L5": 26.8, "S1": 25.0}
HEIGHT_WOMEN, HEIGHT_SD = 0.955, 0.025
# Wedge angle in degrees, women and men, positive when lower in front (PMC2899959, n = 240); T10, T11, S1: assumptions
WEDGE = {
    "T10": (3.5, 4.0), "T11": (3.6, 4.5), "T12": (3.5, 4.9), "L1": (2.6, 4.1), "L2": (0.7, 2.6), "L3": (-1.1, 1.3),
    "L4": (-3.1, -0.7), "L5": (-7.8, -4.6), "S1": (-9.0, -9.0),
}  # fmt: skip
WEDGE_SD = 1.6  # assumption
# Antero-posterior depth, women and men. L5: 33.3 and 37.1 (Cook & Baker 2021); 30-35 elsewhere (models.md 7.2), rising
# downwards: assumption. Width 40-50 (same).
DEPTH = {
    "T10": (28.0, 31.5), "T11": (28.5, 32.0), "T12": (29.0, 32.5), "L1": (29.7, 33.3), "L2": (30.7, 34.4),
    "L3": (31.7, 35.4), "L4": (32.6, 36.3), "L5": (33.3, 37.1), "S1": (30.0, 33.0),
}  # fmt: skip
WIDTH = {
    "T10": (32.0, 36.0), "T11": (34.5, 38.5), "T12": (37.5, 41.5), "L1": (39.0, 43.5), "L2": (40.5, 45.0),
    "L3": (42.5, 47.0), "L4": (45.0, 49.5), "L5": (47.5, 52.0), "S1": (48.0, 52.0),
}  # fmt: skip
DEPTH_PER_YEAR = 0.084  # mm, L5 (Cook & Baker 2021); applied from 50 years to all levels
SACRAL_STEP = (24.0, 5.0)  # degrees from L5's axis to S1's; assumption: makes a sacral slope of about 40
DISC_L5 = (10.0, 1.6)  # middle height of L5/S1: 11.1, range 7.1-13.1 upright (PMID 29433530); a little less supine


@dataclass(frozen=True, eq=False)
class Vertebra:
    """A vertebra; frame: rows are its left, back and up axes in the world (x, y, z).

    The body spans -normal/2 .. along `up` from its lower end plate; heights: anterior, middle, posterior, mm.
    """

    level: str
    centre: Vector  #: middle of the body before any fracture, mm
    frame: Vector
    width: float
    depth: float
    heights: tuple[float, float, float]
    normal: tuple[float, float, float]  #: the heights before any fracture
    trabecular_hu: float  #: at 120 kVp
    cortex: float  #: mm
    lip: float  #: mm of osteophyte at the rims
    fracture: Fracture

    def place(self, left: float, back: float, up: float) -> Vector:
        """World position (x, y, z) of a point in the vertebra's own axes, mm."""
        return np.asarray(self.centre + self.frame.T @ np.array([left, back, up]), np.float64)

    @property
    def keypoint(self) -> Vector:
        """The centre of the body as it is now, (x, y, z) mm."""
        lower, upper = self.plates(0.0)
        return self.place(0, 0, (lower + upper) / 2)

    def plates(self, at: float) -> tuple[float, float]:
        """Lower and upper end plate along `up` at the antero-posterior position at = -1 (front) .. 1 (back), mm."""
        now, before = (_profile(h, at) for h in (self.heights, self.normal))
        sunk = before - now
        share = {"wedge": 0.12, "biconcave": 0.5, "crush": 0.35}.get(self.fracture.kind, 0.5)
        return -before / 2 + share * sunk, before / 2 - (1 - share) * sunk


def _profile(height: tuple[float, float, float], at: float) -> float:
    front, middle, back = height
    return middle + (back - front) / 2 * at + ((front + back) / 2 - middle) * at * at


def build_vertebrae(
    rng: np.random.Generator, *, sex: Literal["M", "F"], age: float, standing: bool, hu: dict[str, float],
    fractures: dict[str, Fracture], turn: float,
) -> tuple[tuple[Vertebra, ...], float]:  # fmt: skip
    """T10-S1 on a drawn curve and the person's relative size. hu: trabecular HU by level; turn: axial, radians."""
    points, size = draw_curve(rng, sex=sex, standing=standing)
    woman = sex == "F"
    scale = {level: size * (1 + HEIGHT_SD * float(rng.normal())) for level in LEVELS}
    normal = {}
    for level in LEVELS:
        back = HEIGHT[level] * (HEIGHT_WOMEN if woman else 1.0) * scale[level]
        depth = DEPTH[level][0 if woman else 1] * size
        front = back - depth * float(np.tan(np.radians(WEDGE[level][0 if woman else 1] + rng.normal(0, WEDGE_SD))))
        normal[level] = (front, (front + back) / 2 - float(rng.uniform(1.6, 3.4)), back)
    centres, frames = _stand(rng, points, normal["L5"][1], size, turn)
    _sink(centres, frames, normal, fractures)
    lips = max(0.0, float(rng.normal((age - 50) / 14, 1.0)))
    out = []
    for k, level in enumerate(LEVELS):
        broken = fractures.get(level, WHOLE)
        out.append(Vertebra(
            level=level, centre=centres[k], frame=frames[k], width=WIDTH[level][0 if woman else 1] * size,
            depth=DEPTH[level][0 if woman else 1] * size + DEPTH_PER_YEAR * max(0.0, age - 50),
            heights=heights(broken, normal[level]), normal=normal[level],
            trabecular_hu=hu[level] + 55 * broken.loss,  # impacted trabeculae; assumption
            cortex=float(np.clip(0.45 + 0.0028 * hu[level], 0.45, 1.0)),  # 0.45-1.0 mm, thinner with low HU [A]
            lip=lips * float(rng.uniform(0.2, 1.2)), fracture=broken,
        ))  # fmt: skip
    return tuple(out), size


def _stand(
    rng: np.random.Generator, points: Vector, l5_height: float, size: float, turn: float
) -> tuple[list[Vector], list[Vector]]:
    """Centres and frames of T10-S1 along the curve's tangents."""
    steps = np.diff(points, axis=0)
    sagittal = np.arctan2(steps[:, 1], -steps[:, 2])  # positive: downwards is backwards
    coronal = np.arctan2(steps[:, 0], -steps[:, 2])
    last = sagittal[-1] + np.clip(sagittal[-1] - sagittal[-2], 0.05, 0.3)
    sagittal = np.concatenate([[sagittal[0] - (sagittal[1] - sagittal[0]) * 0.5], sagittal, [last]])
    coronal = np.concatenate([coronal[:1], coronal, coronal[-1:]])
    tilt, lean = (sagittal[:-1] + sagittal[1:]) / 2, (coronal[:-1] + coronal[1:]) / 2
    frames = [_frame(a, b, turn) for a, b in zip(tilt, lean, strict=True)]
    sacral = tilt[-1] + np.radians(rng.normal(*SACRAL_STEP))
    frame_s1 = _frame(sacral, lean[-1], turn)
    disc = float(np.clip(rng.normal(*DISC_L5), 5.5, 13)) * size
    middle = _frame((tilt[-1] + sacral) / 2, lean[-1], turn)
    s1 = points[-1] - frames[-1][2] * l5_height / 2 - middle[2] * disc - frame_s1[2] * 11.5 * size
    above = points[0] - steps[0] * 0.95
    return [above, *points, s1], [frames[0], *frames, frame_s1]


def _frame(sagittal: float, coronal: float, turn: float) -> Vector:
    up = np.array([-np.tan(coronal), -np.tan(sagittal), 1.0])
    up /= np.linalg.norm(up)
    left = np.array([np.cos(turn), np.sin(turn), 0.0])
    left -= up * (left @ up)
    left /= np.linalg.norm(left)
    return np.stack([left, np.cross(up, left), up])


def _sink(
    centres: list[Vector],
    frames: list[Vector],
    normal: dict[str, tuple[float, float, float]],
    fractures: dict[str, Fracture],
) -> None:
    """Lower what stands above a fracture and bend it forwards (kyphosis), in place."""
    for level, fracture in fractures.items():
        k = LEVELS.index(level)
        now, before = heights(fracture, normal[level]), normal[level]
        drop = (sum(before) - sum(now)) / 3 * 0.8
        bend = 0.6 * np.arctan2((before[0] - now[0]) - (before[2] - now[2]), 32.0)
        cos, sin = np.cos(bend), np.sin(bend)
        turn = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
        pivot, down = centres[k].copy(), -frames[k][2] * drop
        for i in range(k):
            centres[i] = pivot + turn @ (centres[i] - pivot) + down
            frames[i] = frames[i] @ turn.T
