"""Who the phantom is: body, spine, bone density and muscle, drawn at random from seeded streams. Lengths in mm."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.phantoms.spine.fractures import Fracture, draw_fractures
from training.phantoms.spine.vertebrae import LEVELS, Vertebra, build_vertebrae

Sex = Literal["M", "F"]
Phase = Literal["native", "arterial", "portal", "late"]

HEIGHT_CM = {"M": (175.0, 7.2), "F": (162.0, 6.6)}  # European adults; assumption
BMI = (26.2, 4.3)  # mean, SD, cut to 17..42; assumption (S3's cohort: 24.1, 3.7)

# Trabecular HU of L1 at 120 kVp: 226 (44) below 30 years, -2.5 HU a year, 89 (38) from 90 (Pickhardt/Jang 2019,
# n = 20,374). Women are higher until the menopause, then equal (same source; the 8 HU are an assumption).
L1_HU = ((30.0, 226.0), (85.0, 89.0))
L1_SD = ((30.0, 44.0), (90.0, 38.0))
BEFORE_MENOPAUSE = 8.0
# Other levels against L1: L3 -9 HU (young women 236 and 227, IOJ 2018); the others are assumptions in line with it.
HU_OFFSET = {"T10": 10.0, "T11": 8.0, "T12": 4.0, "L1": 0.0, "L2": -5.0, "L3": -9.0, "L4": -7.0, "L5": 0.0, "S1": -4.0}
LEVEL_SD = 7.0  # HU between levels of one person; assumption

# Skeletal muscle at L3, women by age (Framingham CT, n = 1,859): area cm2 and attenuation HU, band centres.
MUSCLE_AGES = (38.0, 50.0, 60.0, 70.0, 80.0)
WOMEN_AREA, WOMEN_AREA_SD = (120.9, 119.5, 110.6, 104.5, 99.5), 16.5
WOMEN_HU, MUSCLE_HU_SD = (42.6, 38.1, 33.4, 29.3, 25.2), 6.3
# Men: 5th centiles of area 134.0 against 89.2 cm2, of attenuation 29.3 against 22.0 HU (van der Werf 2018, n = 420).
MEN_AREA, MEN_AREA_SD, MEN_HU = 1.47, 24.0, 5.0  # the ratio and the HU gap a little below those of the 5th centiles
HU_PER_BMI = -0.5  # -2.5 HU for +5 kg/m2 (van der Werf 2018)
AREA_PER_BMI = 0.012  # share per kg/m2; assumption

# Share of the skeletal muscle area at L3; assumption (psoas about a seventh, the back two fifths)
MUSCLE_SHARE = {"psoas": 0.15, "erector_spinae": 0.31, "multifidus": 0.085, "quadratus": 0.085, "wall": 0.37}


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """Everything about the body that an image may show."""

    age: float  #: years
    sex: Sex
    height_cm: float
    bmi: float
    vertebrae: tuple[Vertebra, ...]
    bone_z: float  #: trabecular HU against the mean of age and sex, in SD
    muscle_area: float  #: wanted at L3, cm2
    muscle_hu: float  #: wanted at L3
    streaks: float  #: share of the back muscles replaced by fat
    half_width: float  #: of the body at L3
    front: float  #: y of the skin in front, L3's centre being 0
    back: float  #: y of the skin behind
    subcutaneous: tuple[float, float, float]  #: fat in front, at the sides and behind
    aorta: float  #: diameter
    calcified: float  #: 0..1, calcium in the aortic wall
    crest: float  #: height of the iliac crests against the centre of L4
    scoliosis_turn: float  #: axial rotation of the spine, radians
    phase: Phase

    def vertebra(self, level: str) -> Vertebra:
        """The vertebra of this level.

        Raises
        ------
        KeyError
            For a level that is not one of LEVELS.
        """
        for vertebra in self.vertebrae:
            if vertebra.level == level:
                return vertebra
        raise KeyError(f"no vertebra {level}; levels are {', '.join(LEVELS)}")


def expected_trabecular_hu(age: float, sex: Sex) -> float:
    """Mean trabecular HU of L1."""
    mean = float(np.interp(age, [a for a, _ in L1_HU], [h for _, h in L1_HU]))
    gap = BEFORE_MENOPAUSE * float(np.interp(age, (45, 56), (1, 0)))
    return mean + (gap if sex == "F" else -gap)


def expected_muscle(age: float, sex: Sex) -> tuple[float, float]:
    """Mean area (cm2) and attenuation (HU) of skeletal muscle at L3."""
    area, hu = float(np.interp(age, MUSCLE_AGES, WOMEN_AREA)), float(np.interp(age, MUSCLE_AGES, WOMEN_HU))
    return (area, hu) if sex == "F" else (area * MEN_AREA, hu + MEN_HU)


def draw_anatomy(
    seed: int,
    *,
    age: float,
    sex: Sex,
    standing: bool = False,
    phase: Phase | None = None,
    fractures: dict[str, Fracture] | None = None,
    bmi: float | None = None,
) -> Anatomy:
    """A random body of this age and sex. fractures: by level, instead of drawn ones; bmi: kg/m2, cut to 17..42."""
    body, spine = np.random.default_rng([seed, 31]), np.random.default_rng([seed, 32])
    drawn_bmi = body.normal(*BMI)
    bmi = float(np.clip(drawn_bmi if bmi is None else bmi, 17, 42))
    bone_z = float(np.clip(spine.normal(), -2.1, 2.6))
    sd = float(np.interp(age, [a for a, _ in L1_SD], [s for _, s in L1_SD]))
    l1 = expected_trabecular_hu(age, sex) + bone_z * sd
    hu = {k: max(5.0, l1 + v + float(spine.normal(0, LEVEL_SD)) * (k != "L1")) for k, v in HU_OFFSET.items()}
    drawn = draw_fractures(spine, age=age, sex=sex, bone_z=bone_z)
    broken = drawn if fractures is None else fractures
    turn = float(spine.normal(0, 0.035))
    vertebrae, size = build_vertebrae(spine, sex=sex, age=age, standing=standing, hu=hu, fractures=broken, turn=turn)
    area, muscle_hu = expected_muscle(age, sex)
    share = 1 + AREA_PER_BMI * (bmi - BMI[0]) + 1.2 * (size - 1)
    muscle_hu += HU_PER_BMI * (bmi - BMI[0]) + float(np.clip(body.normal(), -2.3, 2.3)) * 0.9 * MUSCLE_HU_SD
    sd_area = (WOMEN_AREA_SD if sex == "F" else MEN_AREA_SD) * 0.85
    fat = 1 if sex == "M" else 1.25
    wide = 1 + 0.6 * (size - 1)
    over = bmi - 26
    skin = tuple(max(5.0, s) for s in (
        (20 + 1.9 * over) * fat + body.normal(0, 5), (17 + 1.7 * over) * fat + body.normal(0, 4),
        (13 + 1.3 * over) * fat + body.normal(0, 4),
    ))  # fmt: skip
    muscular = 10 if sex == "M" else 0
    chosen: Phase = ("native", "arterial", "portal", "late")[int(body.choice(4, p=(0.4, 0.08, 0.42, 0.10)))]
    late = max(0.0, age - 40) / 40
    return Anatomy(
        age=age, sex=sex, bmi=bmi, height_cm=float(HEIGHT_CM[sex][0] * (1 + 0.6 * (size - 1)) + body.normal(0, 3)),
        vertebrae=vertebrae, bone_z=bone_z,
        muscle_area=float(np.clip(area * share + body.normal(0, sd_area), 0.55 * area, 1.6 * area)),
        muscle_hu=float(np.clip(muscle_hu, 4, 58)),
        streaks=float(np.clip(0.02 + (46 - muscle_hu) * 0.005 + body.normal(0, 0.02), 0.01, 0.30)),
        half_width=float((127 + muscular) * wide + 2.6 * over + skin[1]),
        front=float(-((98 + 0.5 * muscular) * wide + 3.0 * over + body.normal(0, 6)) - skin[0]),
        back=float(76 * wide + 0.4 * muscular + skin[2]),
        subcutaneous=(float(skin[0]), float(skin[1]), float(skin[2])),
        aorta=float((20.5 if sex == "M" else 18.0) + 2.5 * late + body.normal(0, 1.5)),
        calcified=float(np.clip(late * body.uniform(0, 1.4) - 0.25, 0, 1)),
        crest=float(body.normal(-4, 8)), scoliosis_turn=turn, phase=phase or chosen,
    )  # fmt: skip
