import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.concordance import Concordance, harrell_c, uno_c
from training.evaluation.kaplan_meier import censoring_survival

Patients = list[tuple[int, bool, int]]


def by_definition(patients: Patients) -> tuple[int, int, int]:
    concordant = discordant = tied = 0
    for (t, y, s), (u, z, r) in itertools.permutations(patients, 2):
        if y and (t < u or (t == u and not z)):
            concordant += s > r
            discordant += s < r
            tied += s == r
    return concordant, discordant, tied


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 4)), min_size=2, max_size=24))
def test_every_pair_is_counted_once(patients: Patients) -> None:
    time, event, score = zip(*patients, strict=True)
    expected = by_definition(patients)
    if not sum(expected):
        with pytest.raises(ValueError, match="no comparable pair"):
            harrell_c(time, event, score)
        return
    c = (expected[0] + expected[2] / 2) / sum(expected)
    assert harrell_c(time, event, score) == Concordance(
        c=c, concordant=expected[0], discordant=expected[1], tied=expected[2]
    )


def test_uno_by_definition() -> None:
    rng = np.random.default_rng(0)
    time, event, score = rng.integers(1, 30, 80).astype(float), rng.random(80) < 0.5, rng.integers(0, 9, 80)
    event[time == 29] = False
    g = censoring_survival(time, event, time)
    above = total = 0.0
    for i, j in itertools.permutations(range(80), 2):
        if event[i] and time[i] < 20 and (time[i] < time[j] or (time[i] == time[j] and not event[j])):
            total += g[i] ** -2
            above += g[i] ** -2 * (1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0)
    assert uno_c(time, event, score, 20.0) == pytest.approx(above / total)


def test_uno_does_not_move_with_censoring_where_harrell_does() -> None:
    rng = np.random.default_rng(1)
    score = rng.normal(size=20_000)
    # the score orders early deaths and not late ones: censoring late deaths flatters Harrell
    early = rng.exponential(np.exp(-1.5 * score))
    death = np.where(early < 0.5, early, 0.5 + rng.exponential(size=score.size))
    full = harrell_c(np.minimum(death, 2.0), death < 2.0, score).c
    end = rng.uniform(0, 2.5, score.size)
    time, event = np.minimum(death, end), death <= end
    assert uno_c(time, event, score, 2.0) == pytest.approx(full, abs=0.01)
    assert harrell_c(time, event, score).c > full + 0.02


def test_no_event_before_tau_is_refused() -> None:
    with pytest.raises(ValueError, match="0 events before tau"):
        uno_c([5, 6, 7], [1, 1, 0], [3, 2, 1], 5.0)


def test_perfect_and_reversed() -> None:
    time = np.arange(1, 40.0)
    assert harrell_c(time, np.ones(39), -time).c == 1.0
    assert harrell_c(time, np.ones(39), time).c == 0.0
    assert harrell_c(time, np.ones(39), np.zeros(39)).c == 0.5
