from functools import cache

import numpy as np
import pytest

from training.evaluation.interval import Floats
from training.evaluation.kaplan_meier import kaplan_meier
from training.outcomes.ssc_ild_mortality_ct import (
    BASELINE,
    CENSORING,
    FRAILTY,
    GOH,
    RISKS,
    Signs,
    course,
    log_hazard,
    progress,
    standard,
    visits,
)
from training.outcomes.survival import Censoring, Weibull, draw_survival
from training.phantoms.lung.person import draw_person


@cache
def population() -> tuple[Floats, Floats]:
    """lp and extent of 5,000 simulated patients."""
    people = [draw_person(seed) for seed in range(9_000_000, 9_005_000)]
    lp = [
        log_hazard(Signs(
            extent=p.extent, reticulation=p.shares[1] + p.shares[2], honeycombing=p.shares[2],
            artery=p.pulmonary_artery, age=p.age, man=p.sex == "M",
        )) for p in people
    ]  # fmt: skip
    return np.array(lp), np.array([p.extent for p in people])


def test_the_spread_of_the_oracles_score() -> None:
    lp, _ = population()
    assert lp.mean() == pytest.approx(0, abs=0.05)
    assert 1.0 <= lp.std() <= 1.2


def test_deaths_by_year_are_the_papers() -> None:
    drawn = draw_survival(
        population()[0], np.random.default_rng(0), baseline=BASELINE, frailty_sd=FRAILTY, censoring=CENSORING
    )  # fmt: skip
    for year, share in RISKS.items():
        assert drawn.risk_at(year).mean() == pytest.approx(share, abs=0.006)


def test_extensive_disease_has_gohs_hazard_ratio() -> None:
    lp, extent = population()
    lp, extent = np.tile(lp, 4), np.tile(extent, 4)
    drawn = draw_survival(
        lp, np.random.default_rng(1), baseline=BASELINE, frailty_sd=FRAILTY, censoring=Censoring(longest=10)
    )  # fmt: skip
    assert _hazard_ratio(drawn.time, drawn.event, extent > GOH) == pytest.approx(2.48, abs=0.25)


def _hazard_ratio(time: Floats, event: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]", group: object) -> float:
    """Cox regression on one flag (Breslow; there are no ties)."""
    order = np.argsort(-time)
    y, x = event[order], np.asarray(group, np.float64)[order]
    beta = 0.0
    for _ in range(20):
        weight = np.exp(beta * x)
        mean = np.cumsum(weight * x) / np.cumsum(weight)
        beta += (x - mean)[y].sum() / (mean - mean**2)[y].sum()
    return float(np.exp(beta))


def test_each_sign_raises_the_hazard() -> None:
    base = {"extent": 0.1, "reticulation": 0.4, "honeycombing": 0.05, "artery": 26.0, "age": 50.0, "man": False}
    worse = {"extent": 0.3, "reticulation": 0.7, "honeycombing": 0.2, "artery": 32.0, "age": 70.0, "man": True}
    for name, value in worse.items():
        assert log_hazard(Signs(**(base | {name: value}))) > log_hazard(Signs(**base)), name  # type: ignore[arg-type]
    assert len(standard(Signs(**base))) == 6  # type: ignore[arg-type]


FOREVER = Censoring(longest=1e9)


def test_one_scan_is_a_plain_draw() -> None:
    fates = [course([0.5], [0.0], np.random.default_rng(seed), censoring=FOREVER) for seed in range(6000)]
    times = np.array([fate.time[0] for fate in fates])
    for year in (1, 5):
        assert np.mean(times <= year) == pytest.approx(fates[0].risk[0, year - 1], abs=0.015)


def test_later_scans_are_of_survivors_and_count_from_themselves() -> None:
    rows: dict[int, list[tuple[float, bool, float]]] = {0: [], 1: [], 2: []}
    for seed in range(8000):
        fate = course([1.0, 1.5, 2.0], [0.0, 1.0, 2.5], np.random.default_rng(seed))
        for scan, (time, event, risk) in enumerate(zip(fate.time, fate.event, fate.risk[:, 0], strict=True)):
            rows[scan].append((float(time), bool(event), float(risk)))
        assert fate.time[0] == pytest.approx(fate.time[-1] + (0.0, 1.0, 2.5)[fate.time.size - 1])
    assert len(rows[2]) < len(rows[1]) < len(rows[0]) == 8000
    for found in rows.values():
        time, event, risk = (np.array(column) for column in zip(*found, strict=True))
        assert 1 - float(kaplan_meier(time, event).at(1.0)) == pytest.approx(risk.mean(), abs=0.02)


def test_risks_rise_with_the_year() -> None:
    fate = course([0.0, 0.3], [0.0, 1.0], np.random.default_rng(0), baseline=Weibull(scale=1e-4), censoring=FOREVER)
    assert fate.time.size == 2
    assert (np.diff(fate.risk, axis=1) > 0).all()
    assert ((fate.risk > 0) & (fate.risk < 1)).all()


def test_scans_are_planned_a_year_or_so_apart() -> None:
    rng = np.random.default_rng(0)
    plans = [visits(rng, 4) for _ in range(200)]
    assert {len(plan) for plan in plans} == {1, 2, 3, 4}
    assert all(plan[0] == 0 for plan in plans)
    gaps = np.concatenate([np.diff(plan) for plan in plans])
    assert 0.8 <= gaps.min() < gaps.max() <= 1.6


def test_disease_progresses_at_its_rate() -> None:
    assert progress(0.1, 2.0, np.log(2) / 2) == pytest.approx(0.2)


@pytest.mark.parametrize("at", [[1.0, 2.0], [0.0, 0.0], [0.0]])
def test_scans_must_begin_at_0_and_rise(at: list[float]) -> None:
    with pytest.raises(ValueError, match="begin at 0 and rise"):
        course([0.0, 0.0], at, np.random.default_rng(0))
