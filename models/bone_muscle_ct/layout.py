"""Where the sixteen axial slices lie: three for each of T12-L4 and one for L5, the level that breaks least."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Point = tuple[float, float, float]  #: (x, y, z) mm, LPS

LEVELS = ("T12", "L1", "L2", "L3", "L4", "L5")
#: (level, height above the middle of its body in steps), from feet to head
PLACES = (("L5", 0), *((level, step) for level in ("L4", "L3", "L2", "L1", "T12") for step in (-1, 0, 1)))
SLICES = len(PLACES)
NEEDED = ("L1", "L2", "L3", "L4")  # a CT that does not show these is not read (models.md 3, S4)
# A step is this share of the patient's usual distance between bodies. A whole body reaches a little beyond one step
# from its middle, a collapsed one does not: end plate and disc then come into the outer slices. Assumption
STEP = 0.285
BEHIND = 21.0  # mm from the bodies' middles back to the middle of the field: the muscles lie behind; assumption


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Sixteen slices in patient coordinates (LPS), from feet to head."""

    heights: tuple[float, ...]  #: z of each slice, mm; NaN where the level was not found
    centre: tuple[float, float]  #: x, y of the middle of every slice, mm

    @property
    def present(self) -> tuple[bool, ...]:
        """Whether each slice is there."""
        return tuple(bool(np.isfinite(z)) for z in self.heights)


def lay_out(bodies: Mapping[str, Point]) -> Layout:
    """Slices for the found middles of vertebral bodies, by level; other levels than `LEVELS` are not looked at.

    Raises
    ------
    ValueError
        If one of `NEEDED` is missing, or the levels do not lie above each other.
    """
    missing = [level for level in NEEDED if level not in bodies]
    if missing:
        raise ValueError(f"need {', '.join(NEEDED)}, without {', '.join(missing)}")
    found = [level for level in reversed(LEVELS) if level in bodies]
    points = np.array([bodies[level] for level in found], np.float64)
    gaps = np.diff(points[:, 2])
    if (gaps <= 0).any():
        raise ValueError("levels must lie above each other")
    step = STEP * float(np.median(gaps))
    heights = tuple(bodies[level][2] + k * step if level in bodies else float("nan") for level, k in PLACES)
    there = [z for z in heights if np.isfinite(z)]
    if (np.diff(there) <= 0).any():
        raise ValueError("levels lie too close to each other")
    needed = np.array([bodies[level] for level in NEEDED], np.float64)
    return Layout(heights=heights, centre=(float(needed[:, 0].mean()), float(needed[:, 1].mean()) + BEHIND))
