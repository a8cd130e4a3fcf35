"""The filled database: how large, in which states, and true to itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from benchmarks.scale.fill import fill
from benchmarks.scale.screened_rows import MODELS
from benchmarks.scale.size import Size
from db import deliveries, jobs, status, studies
from db.engine import make_engine, make_sessions, migrate, transaction
from db.instances import InstanceState
from db.study_report import describe_study
from db.tables import DeliveryRow, InstanceRow, JobRow, StudyRow
from models import registry
from screening.jobs import JobState
from screening.reports import DeliveryState

SIZE = Size(instances=10_000)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{Path(tmp_path_factory.mktemp('filled')) / 'opportune.sqlite'}")
    migrate(engine)
    fill(engine, SIZE)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("instances", [0, 9_900, 10_050])
def test_a_size_that_makes_no_whole_studies_is_refused(instances: int) -> None:
    with pytest.raises(ValueError, match="in hundreds"):
        Size(instances=instances)


def test_as_many_rows_as_the_size_says(filled: Engine) -> None:
    with transaction(make_sessions(filled), read_only=True) as s:
        assert s.scalar(select(func.count()).select_from(InstanceRow)) == SIZE.instances
        assert s.scalar(select(func.count()).select_from(StudyRow)) == SIZE.studies == 100
        assert s.scalar(select(func.count()).select_from(JobRow)) == SIZE.jobs == 1000
        assert {model for (model,) in s.execute(select(JobRow.model_name).distinct())} == set(MODELS)
    assert sorted(MODELS) == sorted(registry.names())


def test_rows_are_in_every_state_that_lasts_and_the_tallies_know(filled: Engine) -> None:
    with transaction(make_sessions(filled), read_only=True) as s:
        counts = status.counts(s)
        for table, column in (("instances", InstanceRow.state), ("jobs", JobRow.state)):
            counted = {
                row.state: row.number
                for row in s.execute(select(column.label("state"), func.count().label("number")).group_by(column))
            }
            assert {state: number for state, number in counts[table].items() if number} == counted
        states = {state for (state,) in s.execute(select(DeliveryRow.state).distinct())}
    assert {state for state in JobState if counts["jobs"][state]} >= set(JobState) - {JobState.DISMISSED}
    assert states == set(DeliveryState)
    assert all(counts["instances"][state] for state in (InstanceState.RECEIVED, InstanceState.PURGED))


def test_the_products_own_verbs_read_what_was_filled_in(filled: Engine) -> None:
    with transaction(make_sessions(filled), read_only=True) as s:
        (study,) = studies.find(s, f"A{SIZE.studies // 2 + 10}")
        told = describe_study(s, study, quiet_seconds=60)
        assert len(told["jobs"]) == 10
        assert told["instances"] > 90
        (job, *_) = jobs.of_study(s, study)
        assert {item.destination for item in deliveries.of_job(s, job.job_id)} <= {"pacs", "research"}
        assert told["jobs"][0]["outcome"] is not None
