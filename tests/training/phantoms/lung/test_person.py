import numpy as np
import pytest

from training.phantoms.lung.person import AGES, EXTENTS, Person, draw_person


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return [draw_person(seed) for seed in range(1500)]


def test_a_seed_is_a_person() -> None:
    assert draw_person(3) == draw_person(3) != draw_person(4)
    assert draw_person(3, external=True) != draw_person(3)


def test_who_they_are(people: list[Person]) -> None:
    ages = np.array([p.age for p in people])
    assert (ages.mean(), ages.std()) == pytest.approx((55, 12), abs=1.2)
    assert AGES[0] <= ages.min()
    assert ages.max() <= AGES[1]
    assert np.mean([p.sex == "F" for p in people]) == pytest.approx(0.8, abs=0.04)


def test_a_third_has_extensive_disease(people: list[Person]) -> None:
    extents = np.array([p.extent for p in people])
    assert np.mean(extents > 0.20) == pytest.approx(1 / 3, abs=0.05)
    assert extents.min() >= EXTENTS[0]
    assert extents.max() <= EXTENTS[1]


def test_shares_of_the_patterns_make_a_whole(people: list[Person]) -> None:
    shares = np.array([p.shares for p in people])
    assert shares.min() >= 0
    assert shares.sum(1) == pytest.approx(1)
    assert np.mean(shares[:, 2] > 0) == pytest.approx(0.35, abs=0.05)


def test_what_goes_with_what(people: list[Person]) -> None:
    extent, artery = (np.array([getattr(p, k) for p in people]) for k in ("extent", "pulmonary_artery"))
    assert np.corrcoef(extent, artery)[0, 1] > 0.2, "disease goes with pulmonary hypertension"
    volume = {s: np.mean([p.capacity_ml for p in people if p.sex == s]) for s in ("M", "F")}
    assert volume["M"] > 1.25 * volume["F"]
    shrunk = [p.capacity_ml for p in people if p.extent > 0.4 and p.sex == "F"]
    assert np.mean(shrunk) < 0.9 * volume["F"]


def test_the_other_hospital_has_other_patients(people: list[Person]) -> None:
    others = [draw_person(seed, external=True) for seed in range(1500)]
    assert np.mean([p.age for p in others]) > np.mean([p.age for p in people]) + 1.5
    assert np.median([p.extent for p in others]) > np.median([p.extent for p in people])
