import numpy as np
import pytest

from models.cap_mortality_cxr.curb65 import curb65
from training.evaluation.discrimination import auc
from training.phantoms.chest import hazard
from training.phantoms.chest.phantom import draw_person, make_phantom, streams_of
from training.phantoms.chest.vitals import SICKNESS_REFERENCE, draw_vitals, frailty_of


@pytest.mark.parametrize("seed", [5, 6])
def test_person_and_frailty_are_those_of_the_phantom(seed: int) -> None:
    phantom = make_phantom(seed, longest_side=96)
    assert draw_person(streams_of(seed)[0]) == (phantom.age, phantom.sex, phantom.view)
    fate = streams_of(seed)[4]
    risk = 1 - np.exp(-np.exp(phantom.outcome.lp + hazard.FRAILTY_SD * frailty_of(seed)))
    fate.standard_normal()
    assert phantom.outcome.died == (fate.random() < risk)


def test_the_same_seed_has_the_same_vitals() -> None:
    assert draw_vitals(3, age=70, lp=-2.0) == draw_vitals(3, age=70, lp=-2.0)
    assert draw_vitals(3, age=70, lp=-2.0) != draw_vitals(4, age=70, lp=-2.0)


def test_curb_65_tells_the_dying_about_as_well_as_in_the_literature() -> None:
    rng = np.random.default_rng(0)
    score, died = [], []
    for seed in range(80_000_000, 80_004_000):
        age, _, _ = draw_person(streams_of(seed)[0])
        sick = rng.normal(*SICKNESS_REFERENCE)
        lp = hazard.BASELINE + sick + hazard.AGE_DECADE * (age - hazard.AGE_REFERENCE) / 10
        found = curb65(draw_vitals(seed, age=age, lp=lp))
        assert found is not None
        score.append(found)
        died.append(rng.random() < 1 - np.exp(-np.exp(lp + hazard.FRAILTY_SD * frailty_of(seed))))
    assert 0.66 < auc(score, died) < 0.75
    assert 1.0 < np.mean(score) < 1.8
