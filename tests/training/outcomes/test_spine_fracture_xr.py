import numpy as np
import pytest

from models.spine_fracture_xr.clinical import ITEMS
from tests.training.spine_people import few, many
from training.evaluation.concordance import harrell_c
from training.outcomes.spine_fracture_xr import SHARES, clinical_items, draw_fates, hazard, picture_hazard

PEOPLE = many(6000)
CLINICAL = clinical_items(PEOPLE)
LP = hazard(PEOPLE, CLINICAL)


def test_the_referral_is_the_papers_table_1() -> None:
    for name, share in SHARES.items():
        assert CLINICAL[:, ITEMS.index(name)].mean() == pytest.approx(share, abs=0.02), name
    assert not CLINICAL[:, ITEMS.index("prior_fracture")].any()
    np.testing.assert_array_equal(CLINICAL[:, 0], PEOPLE.age.astype(np.float32))
    np.testing.assert_array_equal(clinical_items(PEOPLE), CLINICAL)


def test_spread_of_the_log_hazard() -> None:
    """1.0 to 1.2 gives an oracle near 0.7 (models.md 7.4)."""
    assert 0.95 < LP.std() < 1.2
    assert abs(LP.mean()) < 0.15
    assert 0.6 < picture_hazard(PEOPLE).std() < LP.std()


def test_thin_bone_and_a_deformity_raise_the_hazard() -> None:
    person = few(6)
    base = picture_hazard(person)
    person_thin = many(1)
    thin = picture_hazard(person_thin)[0]
    person_thin.hu[:] -= 42.8
    assert picture_hazard(person_thin)[0] - thin == pytest.approx(0.8, abs=1e-6)
    person_thin.grades[0, 2] = 3
    assert picture_hazard(person_thin)[0] - thin == pytest.approx(0.8 + 0.9 + 0.6, abs=1e-6)
    assert np.isfinite(base).all()


def test_events_of_the_papers_follow_up() -> None:
    """7.3 % over 3.2 +- 2.2 years."""
    shares, times = [], []
    for seed in range(8):
        time, event = draw_fates(LP, split="train", seed=seed)
        shares.append(event.mean())
        times.append(time[~event])
    assert np.mean(shares) == pytest.approx(0.073, abs=0.008)
    waited = np.concatenate(times)
    assert waited.min() >= 0.5
    assert waited.mean() == pytest.approx(3.2, abs=0.15)
    assert waited.std() == pytest.approx(2.15, abs=0.15)


def test_the_other_hospital_has_more_events() -> None:
    here, there = (np.mean([draw_fates(LP, split=s, seed=k)[1].mean() for k in range(4)]) for s in ("test", "external"))
    assert 1.15 < there / here < 1.4


def test_long_follow_up_gives_events_and_the_oracle_is_where_it_was_meant() -> None:
    time, event = draw_fates(LP, split="test", seed=1, follow_up="long")
    assert event.mean() > 0.9
    assert 0.66 < harrell_c(time, event, LP).c < 0.71
    again, _ = draw_fates(LP, split="test", seed=1, follow_up="long")
    np.testing.assert_array_equal(time, again)
    other, _ = draw_fates(LP, split="test", seed=2, follow_up="long")
    assert (time != other).mean() > 0.99


def test_seed_and_place_tell_nothing_of_the_fate() -> None:
    time, event = draw_fates(LP, split="test", seed=3, follow_up="long")
    assert harrell_c(time, event, np.arange(LP.size, dtype=float)).c == pytest.approx(0.5, abs=0.015)


def test_unknown_follow_up() -> None:
    with pytest.raises(ValueError, match="follow_up"):
        draw_fates(LP, split="test", seed=0, follow_up="short")  # type: ignore[arg-type]
