"""The drawn year has the studies, hours and seasons that it says it has."""

import numpy as np
import pytest

from benchmarks.capacity.traffic import (
    DAY,
    DAYS,
    HOUR,
    NETWORKS,
    SHARES,
    WEEK,
    WEEKDAY,
    WEEKEND,
    YEAR,
    Network,
    Traffic,
    rates,
    traffic,
)
from models import registry

NETWORK = Network(name="n", hospitals=3, studies=400_000)


@pytest.fixture(scope="module")
def year() -> Traffic:
    return traffic(NETWORK, np.random.default_rng(1))


def test_every_shipped_model_has_its_share() -> None:
    assert sorted(SHARES) == sorted(registry.names())
    assert sum(SHARES.values()) < 1


def test_as_many_come_as_the_network_has(year: Traffic) -> None:
    for place, share in enumerate(SHARES.values()):
        expected = NETWORK.studies * share
        # the studies of a burst come together: the number of bursts is what is random
        assert (year.models == place).sum() == pytest.approx(expected, abs=6 * np.sqrt(3 * expected))
    assert (np.diff(year.moments) >= 0).all()
    assert year.moments[0] >= 0
    assert year.moments[-1] <= YEAR + HOUR


def test_forty_in_a_hundred_come_outside_of_working_hours() -> None:
    inside = sum(WEEKDAY[8:17]) * 5
    assert inside / (sum(WEEKDAY) * 5 + sum(WEEKEND) * 2) == pytest.approx(0.6, abs=0.01)
    hourly = rates("bone_muscle_ct", 1000.0)
    assert hourly.shape == (DAYS * 24,)
    assert hourly.sum() == pytest.approx(1000)


def test_hours_of_the_week_are_drawn_as_they_are_set(year: Traffic) -> None:
    cts = year.moments[year.models == list(SHARES).index("bone_muscle_ct")]
    in_the_morning = (cts % WEEK < 5 * DAY) & (cts % DAY >= 9 * HOUR) & (cts % DAY < 10 * HOUR)
    expected = WEEKDAY[9] * 5 / (sum(WEEKDAY) * 5 + sum(WEEKEND) * 2)
    assert in_the_morning.mean() == pytest.approx(expected, rel=0.06)


def test_chests_come_in_winter_and_cts_all_the_year(year: Traffic) -> None:
    def winter(model: str) -> float:
        mine = year.moments[year.models == list(SHARES).index(model)]
        days = mine / DAY
        january, july = ((days >= 1) & (days < 29)).sum(), ((days >= 183) & (days < 211)).sum()
        return float(january / july)

    assert winter("cap_mortality_cxr") == pytest.approx(1.3 / 0.7, rel=0.1)
    assert winter("bone_muscle_ct") == pytest.approx(1, rel=0.1)


def test_some_come_in_bursts_and_after_a_stop(year: Traffic) -> None:
    """More come within a minute than a Poisson process of the same hour ever brings."""
    minutes = np.bincount((year.moments // 60).astype(int))
    assert minutes.max() > 15
    alone = traffic(Network(name="n", hospitals=1, studies=30_000), np.random.default_rng(2))
    hours = np.bincount((alone.moments // HOUR).astype(int), minlength=DAYS * 24)
    assert (hours == 0).mean() > 0.2


def test_the_same_seed_draws_the_same_year() -> None:
    first, again, other = (traffic(NETWORKS[0], np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first.moments == again.moments).all()
    assert (first.models == again.models).all()
    assert len(first.moments) != len(other.moments)
