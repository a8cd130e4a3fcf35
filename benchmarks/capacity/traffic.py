"""A year of studies: when they are quiet, and which model they are for.

A Poisson process whose rate changes with the hour of the day, the day of the week and the season; some radiographs
come in bursts, and now and then a router stops and sends afterwards what it held. Every number that no source is named
for is an assumption: change it and run the simulation again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Moments = npt.NDArray[np.float64]
"""Seconds since the begin of the year, a Monday."""

HOUR, DAY, WEEK = 3600, 86_400, 7 * 86_400
DAYS = 364
YEAR = DAYS * DAY

WEEKDAY = (3, 2, 2, 2, 2, 3, 5, 12, 26, 32, 34, 32, 26, 28, 32, 28, 23, 17, 13, 11, 10, 8, 6, 4)
"""Studies of each hour of a weekday, relative. With WEEKEND, 60 % fall on Monday to Friday, 8 to 17 o'clock: 40 % of CT
was outside (Carroll TJ, Acad Radiol 2003;10:1312)."""

WEEKEND = (4, 3, 3, 2, 2, 3, 4, 6, 9, 11, 12, 12, 12, 12, 12, 12, 11, 11, 10, 9, 8, 7, 6, 5)

WINTER = 0.3
"""Chest radiographs: so much more in the middle of January than in the mean, and so much fewer in July."""

BURST_SHARE, BURST_SIZE, BURST_SECONDS = 0.15, 12, 60.0
"""Of adults' chest radiographs: taken with mobile units on the wards, sent together when the unit is back."""

STOPS, STOP_SECONDS, CATCH_UP_SECONDS = 4, 2 * HOUR, 600.0
"""A hospital's router stops so often in a year, for so long, in working hours; then it sends what it held."""

RADIOGRAPHS = 23.1 / (23.1 + 5.2)
"""Of X-rays and CTs together: 23.1 and 5.2 million in 2013/14 (NHS England, Annual Imaging and Radiodiagnostics
Statistics)."""

SHARES: Mapping[str, float] = {
    "cap_mortality_cxr": RADIOGRAPHS * 0.30,
    "pediatric_age_cxr": RADIOGRAPHS * 0.03,
    "spine_fracture_xr": RADIOGRAPHS * 0.02,
    "ssc_ild_mortality_ct": (1 - RADIOGRAPHS) * 0.01,
    "bone_muscle_ct": (1 - RADIOGRAPHS) * 0.40,
}
"""Of X-rays and CTs: what each model takes. Every frontal chest radiograph, every abdominal CT, lateral lumbar
radiographs of 50 to 75 years, chest CTs with the indication."""

_IN_WINTER = ("cap_mortality_cxr", "pediatric_age_cxr")
_IN_BURSTS = "cap_mortality_cxr"


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """Who sends."""

    name: str
    hospitals: int
    studies: int  #: X-rays and CTs in a year


NETWORKS = (
    Network(name="a small department", hospitals=1, studies=30_000),
    Network(name="a large department", hospitals=1, studies=180_000),
    Network(name="five hospitals", hospitals=5, studies=600_000),
    Network(name="national teleradiology", hospitals=60, studies=4_000_000),
)
"""28.3 million X-rays and CTs of 2013/14 are about 180,000 for each of England's 160 acute trusts; the other three are
assumptions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic:
    """The jobs of a year, in the order in which their studies are quiet."""

    moments: Moments
    models: npt.NDArray[np.int64]  #: place in SHARES


def rates(model: str, year: float) -> npt.NDArray[np.float64]:
    """Expected studies in each hour of the year, shape (DAYS * 24,); they add up to `year`."""
    week = np.array(WEEKDAY * 5 + WEEKEND * 2, dtype=float)
    hours = np.tile(week, DAYS // 7)
    if model in _IN_WINTER:
        days = np.arange(DAYS * 24) / 24
        hours = hours * (1 + WINTER * np.cos(2 * np.pi * (days - 15) / DAYS))
    return np.asarray(hours * year / hours.sum())


def traffic(network: Network, rng: np.random.Generator) -> Traffic:
    """Draw a year."""
    moments, models = [], []
    for place, (model, share) in enumerate(SHARES.items()):
        year = network.studies * share
        bursts = BURST_SHARE if model == _IN_BURSTS else 0.0
        found = _poisson(rates(model, year * (1 - bursts)), rng)
        if bursts:
            begins = _poisson(rates(model, year * bursts / BURST_SIZE), rng)
            together = np.repeat(begins, BURST_SIZE)
            found = np.concatenate([found, together + rng.uniform(0, BURST_SECONDS, len(together))])
        moments.append(found)
        models.append(np.full(len(found), place))
    when, which = _held_up(np.concatenate(moments), network, rng), np.concatenate(models)
    order = np.argsort(when, kind="stable")
    return Traffic(moments=when[order], models=which[order])


def _poisson(hourly: npt.NDArray[np.float64], rng: np.random.Generator) -> Moments:
    counts = rng.poisson(hourly)
    begins = np.repeat(np.arange(len(hourly)) * float(HOUR), counts)
    return np.asarray(begins + rng.uniform(0, HOUR, len(begins)))


def _held_up(moments: Moments, network: Network, rng: np.random.Generator) -> Moments:
    """Put what came while a hospital's router stood to the end of that time."""
    hospital = rng.integers(network.hospitals, size=len(moments))
    late = moments.copy()
    for number in range(network.hospitals):
        for day in rng.choice(DAYS // 7 * 5, size=STOPS, replace=False):
            begin = (day // 5 * 7 + day % 5) * DAY + rng.uniform(8, 15) * HOUR
            held = (hospital == number) & (moments >= begin) & (moments < begin + STOP_SECONDS)
            late[held] = begin + STOP_SECONDS + rng.uniform(0, CATCH_UP_SECONDS, int(held.sum()))
    return late
