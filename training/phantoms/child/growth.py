"""How a child grows: medians by age and sex that everything drawn follows. Ages in months, lengths in mm unless said.

Tags as in the models' reference: [P] published, [R] recalled from the published tables, [A] our assumption.
"""

from functools import cache
from typing import Literal

import numpy as np
from scipy.interpolate import PchipInterpolator

from training.phantoms.chest.anatomy import LUNG_HEIGHT, THORAX_WIDTH

Sex = Literal["M", "F"]
ADULT = 216.0  # months: 18 years
Table = tuple[tuple[float, float], ...]

# Median length (lying to 24 months) and height in cm: WHO Child Growth Standards 2006 to 60 months, WHO Growth
# Reference 2007 beyond [R].
STATURE: dict[Sex, Table] = {
    "M": ((0, 49.9), (1, 54.7), (2, 58.4), (3, 61.4), (6, 67.6), (9, 72.0), (12, 75.7), (18, 82.3), (24, 87.8),
          (36, 96.1), (48, 103.3), (60, 110.0), (72, 116.0), (84, 121.7), (96, 127.3), (108, 132.6), (120, 137.8),
          (132, 143.1), (144, 149.1), (156, 156.0), (168, 163.2), (180, 169.0), (192, 172.9), (204, 175.2),
          (216, 176.1)),
    "F": ((0, 49.1), (1, 53.7), (2, 57.1), (3, 59.8), (6, 65.7), (9, 70.1), (12, 74.0), (18, 80.7), (24, 86.4),
          (36, 95.1), (48, 102.7), (60, 109.4), (72, 115.1), (84, 120.8), (96, 126.6), (108, 132.5), (120, 138.6),
          (132, 145.0), (144, 151.2), (156, 156.4), (168, 159.8), (180, 161.7), (192, 162.5), (204, 162.9),
          (216, 163.1)),
}  # fmt: skip
# S of the LMS tables (L is 1): SD over median of length or height, both sexes together [R].
STATURE_CV: Table = ((0, 0.038), (12, 0.032), (24, 0.035), (60, 0.042), (120, 0.046), (162, 0.049), (216, 0.041))

# Shares of the adult value, by skeletal age. At 6 years (boys, girls): inner width of the thorax 66, 67 %, lung length
# 62, 63 %, heart width 78, 81 % (Simon, Tanner et al., Arch Dis Child 1972;47:373 [P]). Below, the widths follow chest
# circumference (33 cm at birth, 46 at one year, 49 at two, 57 at six, 89 grown up [R]); heart and length [A].
WIDTH: dict[Sex, Table] = {
    "M": ((0, 0.345), (3, 0.400), (12, 0.475), (24, 0.520), (48, 0.595), (72, 0.660), (120, 0.770), (144, 0.835),
          (168, 0.915), (192, 0.975), (216, 1.0)),
    "F": ((0, 0.370), (3, 0.425), (12, 0.500), (24, 0.545), (48, 0.610), (72, 0.670), (120, 0.800), (144, 0.885),
          (168, 0.955), (192, 0.990), (216, 1.0)),
}  # fmt: skip
LENGTH: dict[Sex, Table] = {
    "M": ((0, 0.270), (3, 0.315), (12, 0.400), (24, 0.460), (48, 0.545), (72, 0.620), (120, 0.745), (144, 0.815),
          (168, 0.905), (192, 0.975), (216, 1.0)),
    "F": ((0, 0.295), (3, 0.340), (12, 0.425), (24, 0.485), (48, 0.560), (72, 0.630), (120, 0.775), (144, 0.870),
          (168, 0.955), (192, 0.990), (216, 1.0)),
}  # fmt: skip
HEART: dict[Sex, Table] = {
    "M": ((0, 0.460), (3, 0.535), (12, 0.620), (24, 0.665), (48, 0.725), (72, 0.780), (120, 0.855), (144, 0.890),
          (168, 0.940), (192, 0.980), (216, 1.0)),
    "F": ((0, 0.485), (3, 0.570), (12, 0.655), (24, 0.700), (48, 0.755), (72, 0.810), (120, 0.880), (144, 0.925),
          (168, 0.965), (192, 0.990), (216, 1.0)),
}  # fmt: skip
# Cardiothoracic ratio at 18 years; adults are below 0.5 and 155/145 mm (Simon, Tanner 1972 [P]), the means are [A].
RATIO_AT_18: dict[Sex, float] = {"M": 0.410, "F": 0.415}

# Transverse over sagittal inner diameter: 1.57 at 3-6 years, 1.64 grown up (Openshaw, Thorax 1984;39:624 [P]); infants
# are rounder [A].
ROUNDNESS: Table = ((0, 1.30), (12, 1.47), (36, 1.57), (72, 1.57), (216, 1.64))
# Lumbar vertebral body height over stature: 9 mm at birth, 28 mm in men, 0.955 of that in women [P]; between them [A].
BODY_HEIGHT: dict[Sex, Table] = {
    "M": ((0, 0.0180), (24, 0.0174), (72, 0.0168), (216, 0.0159)),
    "F": ((0, 0.0180), (24, 0.0174), (72, 0.0169), (216, 0.0164)),
}
# Ossified head of the humerus: 0.5 mm a month + 4 (boys), 0.6 + 3 (girls) below 3 years (PMC12855226 [P]); then to
# adult heads of 46 and 41 mm [A].
HEAD_SLOPE: dict[Sex, tuple[float, float]] = {"M": (0.5, 4.0), "F": (0.6, 3.0)}
HEAD_LATER: dict[Sex, Table] = {
    "M": ((36, 22.0), (72, 30.5), (120, 37.0), (168, 43.0), (204, 46.0)),
    "F": ((36, 24.6), (72, 30.5), (120, 36.0), (156, 40.0), (192, 41.0)),
}
# Cartilage between the head's centre and the shaft (mm) [A]; closed at 16 years in boys, 15 in girls [P].
PHYSIS: dict[Sex, Table] = {
    "M": ((0, 5.5), (24, 4.0), (72, 3.0), (144, 2.4), (180, 1.2), (192, 0.0)),
    "F": ((0, 5.5), (24, 4.0), (72, 3.0), (132, 2.4), (168, 1.2), (180, 0.0)),
}
CLAVICLE_EPIPHYSIS = (192.0, 264.0)  # months between which the medial epiphysis is a flake of its own: 16-22 y [R]

MATURITY_SD: Table = ((0, 0.0), (60, 8.0), (144, 12.0))  # months of skeletal age about the true one [A]
THYMUS: Table = ((0, 1.0), (6, 1.0), (12, 0.75), (24, 0.35), (36, 0.1), (60, 0.0))  # its share of a newborn's [A]


def at(table: Table, months: float) -> float:
    """The table's value, along a monotone curve through its points; flat beyond its ends."""
    (first, low), (last, high) = table[0], table[-1]
    return low if months <= first else high if months >= last else float(_curve(table)(months))


@cache
def _curve(table: Table) -> PchipInterpolator:
    return PchipInterpolator(*np.asarray(table, np.float64).T)


def stature_median(months: float, sex: Sex) -> float:
    """Median length or height, cm."""
    return at(STATURE[sex], months)


def maturity_sd(months: float) -> float:
    """SD of skeletal age about chronological age, months."""
    return float(np.interp(months, *np.asarray(MATURITY_SD).T))


def thorax_width(months: float, sex: Sex) -> float:
    """Median inner diameter of the thorax at its widest, mm."""
    return THORAX_WIDTH[sex][0] * at(WIDTH[sex], months)


def lung_length(months: float, sex: Sex) -> float:
    """Median height of the right lung from apex to dome in a deep breath, mm."""
    return LUNG_HEIGHT[sex][0] * at(LENGTH[sex], months)


def vertebral_body(months: float, sex: Sex) -> float:
    """Median height of a lumbar vertebral body, mm."""
    return 10 * stature_median(months, sex) * at(BODY_HEIGHT[sex], months)


def heart_width(months: float, sex: Sex) -> float:
    """Median transverse diameter of the heart on a standing postero-anterior picture, mm."""
    return RATIO_AT_18[sex] * THORAX_WIDTH[sex][0] * at(HEART[sex], months)


def humeral_head(months: float, sex: Sex) -> float:
    """Median diameter of the ossified head of the humerus, mm."""
    if months < HEAD_LATER[sex][0][0]:
        slope, birth = HEAD_SLOPE[sex]
        return slope * max(0.0, months) + birth
    return at(HEAD_LATER[sex], months)
