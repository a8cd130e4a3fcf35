"""What the best reader could say: the age that follows from skeletal age, stature and sex.

Everything else in the picture is drawn from these three and from chance that does not know the age, so no reader of
the picture can do better than this one on average.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from training.phantoms.child.growth import ADULT, STATURE, STATURE_CV, Sex, at, maturity_sd, stature_median

# Ages of the simulated children: 216 months x u^YOUNG with u uniform, so that half are below 6.4 years, as hospitals
# take most chest pictures of the small; assumption.
YOUNG = 1.5
STEP = 0.25  # months between the ages that are weighed
LEAST_SD = 0.1  # months; keeps newborns' skeletal ages from being exact

Vector = npt.NDArray[np.float64]


def draw_age(rng: np.random.Generator) -> float:
    """Chronological age in months of a simulated child."""
    return float(ADULT * rng.random() ** YOUNG)


def draw_growth(rng: np.random.Generator, months: float, sex: Sex, drift: float = 0.0) -> tuple[float, float]:
    """Skeletal age (months) and stature (cm) of a child of this age. drift: mean of the z-score of body size.

    Stature follows the age in the calendar, whatever the skeleton's: the two bring evidence of their own; assumption.
    """
    maturity = max(0.0, months + maturity_sd(months) * float(np.clip(rng.normal(), -3, 3)))
    z = float(np.clip(rng.normal() + drift, -3, 3))
    return maturity, stature_median(months, sex) * (1 + at(STATURE_CV, months) * z)


@cache
def _ages(sex: Sex) -> tuple[Vector, Vector, Vector, Vector, Vector]:
    """Candidate ages, log prior, SD of skeletal age, median and SD of stature."""
    ages = np.arange(STEP / 2, ADULT, STEP)
    prior = (1 / YOUNG - 1) * np.log(ages)
    sd = np.maximum([maturity_sd(a) for a in ages], LEAST_SD)
    middle = np.array([at(STATURE[sex], a) for a in ages])
    return ages, prior, sd, middle, middle * np.array([at(STATURE_CV, a) for a in ages])


def posterior(maturity: float, stature: float, sex: Sex) -> tuple[Vector, Vector]:
    """Candidate ages (months) and their probabilities given skeletal age (months), stature (cm) and sex."""
    ages, prior, sd, middle, spread = _ages(sex)
    log = prior - np.log(sd * spread) - 0.5 * ((maturity - ages) / sd) ** 2
    log = log - 0.5 * ((stature - middle) / spread) ** 2
    weight = np.exp(log - log.max())
    return ages, weight / weight.sum()


def best_estimate(maturity: float, stature: float, sex: Sex) -> float:
    """The posterior's median in months: no other estimate has a smaller expected absolute error."""
    ages, weight = posterior(maturity, stature, sex)
    return float(ages[np.searchsorted(np.cumsum(weight), 0.5)])


def expected_error(n: int = 4000, seed: int = 0, *, drift: float = 0.0) -> float:
    """Mean absolute error (months) of the best estimate over n children drawn as the simulator draws them."""
    rng = np.random.default_rng([seed, 31])
    errors = []
    for _ in range(n):
        sex: Sex = "M" if rng.random() < 0.5 else "F"
        months = draw_age(rng)
        errors.append(abs(best_estimate(*draw_growth(rng, months, sex, drift), sex) - months))
    return float(np.mean(errors))
