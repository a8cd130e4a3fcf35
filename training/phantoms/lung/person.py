"""Who is in the scanner: age, sex, size, disease and the sizes of what a reader measures. Lengths in mm."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Sex = Literal["M", "F"]

# SSc-ILD cohorts are mostly women in their fifties; assumption (the brief of the model: 55 +- 12 years, 80 % women)
AGE, AGE_EXTERNAL = (55.0, 12.0), (58.0, 11.0)
AGES = (20.0, 85.0)
WOMEN, WOMEN_EXTERNAL = 0.80, 0.74
HEIGHT_CM = {"M": (175.0, 7.2), "F": (162.0, 6.6)}  # as in the spine phantom; assumption
BMI, BMI_EXTERNAL = (24.5, 4.0), (26.0, 4.5)  # assumption

# Extent of disease, share of the lungs: log-normal; a third has more than 20 % (Goh's limit, AJRCCM 2008 177:1248)
EXTENT, EXTENT_EXTERNAL = (0.13, 0.95), (0.15, 0.90)  # median, SD of the logarithm; assumptions
EXTENTS = (0.005, 0.70)
RETICULATION = (2.2, 2.6)  # Beta: share of reticulation in the extent; assumption (SSc-ILD is mostly NSIP)
HONEYCOMB = 0.35  # share of patients with any; assumption
HONEYCOMBING = (1.3, 7.0)  # Beta: its share in the extent; assumption

# Total lung capacity, litres (ECSC, Quanjer 1993): slope per m of height, intercept
CAPACITY = {"M": (7.99, -7.08), "F": (6.60, -5.79)}
SUPINE = 0.86  # CT lying against plethysmography sitting; assumption
SHRINKAGE = 0.55  # share of volume lost per share of lung diseased; assumption
INSPIRATION = (0.80, 1.03)  # of full; assumption

# Framingham CT (Truong 2012; recalled): 25.1 mm, SD 2.8, over both sexes; that men's are wider by 1.9 is an assumption
PULMONARY_ARTERY = {"M": 27.0, "F": 25.1}
PULMONARY_ARTERY_SD, PER_EXTENT = 2.8, 9.0  # mm; mm per share of lung diseased, assumption
AORTA = {"M": 34.0, "F": 31.0}  # ascending, mm; +0.1 mm a year; assumption within published ranges
OESOPHAGUS = (14.0, 0.38)  # coronal diameter: median mm, SD of its logarithm: dilated in most patients; assumption


@dataclass(frozen=True, kw_only=True)
class Person:
    """What is drawn before anything is painted."""

    age: float  #: years
    sex: Sex
    height_cm: float
    bmi: float
    extent: float  #: share of the lungs diseased
    shares: tuple[float, float, float]  #: of ground glass, reticulation and honeycombing in it
    inspiration: float  #: volume against a full breath
    capacity_ml: float  #: the volume that the lungs should have here
    half_width: float  #: of the chest inside, at its widest
    front: float  #: y of its front wall
    back: float  #: y of its back wall
    fat: float  #: thickness under the skin
    pulmonary_artery: float  #: diameter of the trunk
    aorta: float  #: diameter of the ascending aorta
    oesophagus: float  #: coronal diameter
    heart: float  #: transverse diameter
    basal: float  #: how much disease prefers the bases
    subpleural: float  #: how much it prefers the pleura


def draw_person(seed: int, *, external: bool = False) -> Person:
    """A random patient. external: another hospital's patients, kept out of training."""
    rng, ill = np.random.default_rng([seed, 61]), np.random.default_rng([seed, 62])
    sex: Sex = "F" if rng.random() < (WOMEN_EXTERNAL if external else WOMEN) else "M"
    age = float(np.clip(rng.normal(*(AGE_EXTERNAL if external else AGE)), *AGES))
    height = float(np.clip(rng.normal(*HEIGHT_CM[sex]), 142, 200))
    bmi = float(np.clip(rng.normal(*(BMI_EXTERNAL if external else BMI)), 16, 42))
    median, spread = EXTENT_EXTERNAL if external else EXTENT
    extent = float(np.clip(median * np.exp(ill.normal(0, spread)), *EXTENTS))
    honeycomb = float(ill.beta(*HONEYCOMBING)) * (ill.random() < HONEYCOMB)
    reticulation = (1 - honeycomb) * float(ill.beta(*RETICULATION))
    inspiration = float(rng.uniform(*INSPIRATION))
    slope, intercept = CAPACITY[sex]
    litres = (slope * height / 100 + intercept) * (1 + rng.normal(0, 0.09))
    size = 1 + 0.5 * (height / HEIGHT_CM[sex][0] - 1) + rng.normal(0, 0.025)
    width = (133.0 if sex == "M" else 119.0) * size + 0.4 * (bmi - 24)
    deep = (1 + rng.normal(0, 0.05)) * (1 + 0.10 * (inspiration - 0.92)) * size * (1 + 0.006 * (bmi - 24))
    ratio = rng.normal(0.45, 0.035) + 0.0006 * (age - 55) - 0.12 * (inspiration - 0.92)
    return Person(
        age=age, sex=sex, height_cm=height, bmi=bmi, extent=extent, inspiration=inspiration,
        shares=(1 - honeycomb - reticulation, reticulation, honeycomb),
        capacity_ml=float(np.clip(1000 * litres * SUPINE * inspiration * (1 - SHRINKAGE * extent), 1200, 8000)),
        half_width=float(width), front=float(-(92 if sex == "M" else 82) * deep),
        back=float((101 if sex == "M" else 92) * deep),
        fat=float(max(4.0, (9 if sex == "M" else 13) + 1.4 * (bmi - 24) + rng.normal(0, 3))),
        pulmonary_artery=float(np.clip(
            PULMONARY_ARTERY[sex] + PER_EXTENT * (extent - 0.1) + ill.normal(0, PULMONARY_ARTERY_SD), 18, 42)),
        aorta=float(np.clip(AORTA[sex] + 0.1 * (age - 55) + rng.normal(0, 2.5), 24, 45)),
        oesophagus=float(np.clip(OESOPHAGUS[0] * np.exp(ill.normal(0, OESOPHAGUS[1])), 7, 38)),
        heart=float(2 * width * np.clip(ratio, 0.36, 0.58)),
        basal=float(ill.uniform(1.2, 2.6)), subpleural=float(ill.uniform(0.6, 1.8)),
    )  # fmt: skip
