import numpy as np

from tests.training.reporting.cohorts import bench, make
from training.cohorts.table import BadRow
from training.evaluation.scored import ScoredCohort
from training.reporting.counts import BAD_SHOWN, bad_table, banners, count_table


def with_bad(number: int) -> ScoredCohort:
    cohort = make("cap_mortality_cxr")
    bad = tuple(BadRow(line=k, faults=(("images", "cannot be read"),)) for k in range(2, number + 2))
    return ScoredCohort(model_name=cohort.model_name, name="ours.csv", patient_id=cohort.patient_id,
                        values=cohort.values, groups=cohort.groups, bad=bad)  # fmt: skip


def test_patients_and_outcomes_are_counted() -> None:
    cohort = make("ssc_ild_mortality_ct")
    (row,) = count_table([bench(cohort)], (1.0, 3.0)).plain()["rows"]
    t, e = cohort.values["time"], cohort.values["event"] == 1
    assert (row["rows"]["value"], row["patients"]["value"], row["rows left out"]["value"]) == (240, 120, 1)
    assert row["events"]["value"] == e.sum()
    assert row["events by 3 y"]["value"] == (e & (t <= 3)).sum()
    assert row["censored before 3 y"]["value"] == (~e & (t <= 3)).sum()
    assert row["risk by 3 y"]["low"] < row["risk by 3 y"]["value"] < row["risk by 3 y"]["high"]
    assert 0.5 < row["median follow-up, years"]["value"] < 9


def test_a_yes_or_no_outcome_needs_no_follow_up() -> None:
    table = count_table([bench(make("cap_mortality_cxr"))], ())
    assert table.columns == ("cohort", "rows", "patients", "rows left out", "outcome died")
    died = int(make("cap_mortality_cxr").values["died"].sum())
    assert str(table.rows[0][-1]) == f"{died} of 240 ({100 * died / 240:.1f} %)"


def test_few_events_are_said_before_anything_else() -> None:
    cohort = make("cap_mortality_cxr")
    assert banners(bench(cohort)) == ()
    few = cohort.take(np.arange(30))
    events = int(few.values["died"].sum())
    assert banners(bench(few)) == (f"made up: {events} events, fewer than 20: not interpretable",)
    none = make("ssc_ild_mortality_ct").take(np.arange(10))
    assert "not interpretable" in banners(bench(none))[0]


def test_bad_rows_are_listed_and_counted() -> None:
    table = bad_table([bench(with_bad(3))])
    assert table is not None
    assert [str(cell) for cell in table.rows[0]] == ["ours.csv", "2", "images cannot be read"]
    assert table.notes == ("3 by images",)


def test_of_very_many_bad_rows_the_first_are_shown() -> None:
    table = bad_table([bench(with_bad(BAD_SHOWN + 5))])
    assert table is not None
    assert len(table.rows) == BAD_SHOWN
    assert "all are in results.json" in table.notes[-1]


def test_no_bad_rows_need_no_table() -> None:
    assert bad_table([bench(with_bad(0))]) is None
