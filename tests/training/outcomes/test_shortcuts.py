import numpy as np
import pytest

from tests.training.ild import make_cohort
from training.cohorts.ssc_ild_visits import ACQUISITION
from training.outcomes.shortcuts import audit
from training.outcomes.ssc_ild_mortality_ct import Signs, course, log_hazard
from training.phantoms.lung.acquisition import draw_acquisition
from training.phantoms.lung.person import draw_person


def test_a_column_that_tells_is_found_and_one_that_does_not_is_not() -> None:
    rng = np.random.default_rng(0)
    event = rng.random(800) < 0.3
    found = audit(
        {"leak": event + rng.normal(0, 1.5, 800), "noise": rng.normal(0, 1, 800), "constant": np.ones(800)},
        event, np.arange(800), draws=200,
    )  # fmt: skip
    assert {one.name: one.suspicious for one in found} == {"leak": True, "noise": False}


def test_scans_of_one_patient_are_no_new_evidence() -> None:
    rng = np.random.default_rng(1)
    event, column = rng.random(60) < 0.5, rng.normal(0, 1, 60)
    once = audit({"a": column}, event, np.arange(60), draws=300)[0].auc
    often = audit({"a": np.repeat(column, 9)}, np.repeat(event, 9), np.repeat(np.arange(60), 9), draws=300)[0].auc
    assert often.high - often.low == pytest.approx(once.high - once.low, rel=0.2)


def test_nothing_to_audit() -> None:
    assert audit({"a": np.ones(4)}, [0, 1, 0, 1], np.arange(4)) == ()


@pytest.mark.parametrize("external", [False, True])
def test_the_generator_of_ssc_ild_gives_nothing_away(external: bool) -> None:
    """Seed and acquisition of 1,500 patients against death; the hazard's own signs stand out."""
    seeds = range(7_000_000, 7_001_500)
    columns: dict[str, list[float]] = {name: [] for name in (*ACQUISITION, "seed", "seed_parity", "lp")}
    event = []
    for seed in seeds:
        person, scan = draw_person(seed, external=external), draw_acquisition(seed, external=external)
        _, reticulation, honeycombing = person.shares
        lp = log_hazard(Signs(
            extent=person.extent, reticulation=reticulation + honeycombing, honeycombing=honeycombing,
            artery=person.pulmonary_artery, age=person.age, man=person.sex == "M",
        ))  # fmt: skip
        event.append(bool(course([lp], [0.0], np.random.default_rng([seed, 92])).event[0]))
        taken = (scan.noise, scan.kvp, scan.blur, scan.sharpen, scan.contrast is not None, scan.table)
        for name, value in zip(columns, (*map(float, taken), float(seed), float(seed % 2), lp), strict=True):
            columns[name].append(value)
    found = {one.name: one for one in audit(columns, event, np.arange(len(event)), draws=200)}
    assert [name for name, one in found.items() if one.suspicious] == ["lp"]


def test_the_cohort_keeps_what_is_audited() -> None:
    assert make_cohort(4).acquisition.shape[1] == len(ACQUISITION)
