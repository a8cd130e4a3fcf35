"""Which studies' files may go, and what becomes of a study whose files went."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from db import audit, deliveries, instances, jobs, retention, studies
from db.engine import Sessions, database_now, transaction
from db.tables import DeliveryRow, StudyRow
from screening.reports import DeliveryState
from tests.db import factories


def _study(sessions: Sessions, state: DeliveryState | None = DeliveryState.COMMITTED) -> None:
    """A study of which intake is done, with a finished job whose deliveries are in this state."""
    with transaction(sessions) as s:
        factories.finished(s, ("pacs",))
        s.execute(update(StudyRow).values(intake_due=False))
        if state is not None:
            s.execute(update(DeliveryRow).values(state=state.value))


def _served(sessions: Sessions, days: float = -1, unconfirmed: tuple[str, ...] = ()) -> list[str]:
    with transaction(sessions) as s:
        before = database_now(s) - timedelta(days=days)
        return [item.study_instance_uid for item in retention.served(s, before=before, unconfirmed=unconfirmed)]


def test_a_study_whose_results_are_committed_has_served(sessions: Sessions) -> None:
    _study(sessions)
    assert _served(sessions) == [factories.STUDY]


def test_a_young_study_has_not(sessions: Sessions) -> None:
    _study(sessions)
    assert _served(sessions, days=1) == []


@pytest.mark.parametrize("state", [state for state in DeliveryState if state is not DeliveryState.COMMITTED])
def test_what_is_not_confirmed_keeps_its_study(sessions: Sessions, state: DeliveryState) -> None:
    _study(sessions, state)
    assert _served(sessions) == []
    sent = state is DeliveryState.SENT
    assert _served(sessions, unconfirmed=("pacs",)) == ([factories.STUDY] if sent else [])


def test_a_study_that_waits_for_intake_has_not(sessions: Sessions) -> None:
    _study(sessions)
    with transaction(sessions) as s:
        s.execute(update(StudyRow).values(intake_due=True))
    assert _served(sessions) == []


def test_purging_is_written_down_and_the_names_are_told(sessions: Sessions) -> None:
    _study(sessions)
    with transaction(sessions) as s:
        before = database_now(s) + timedelta(days=1)
        kept = instances.kept_copy(s, "1.2.3.1.1.1")
        assert kept is not None
        assert instances.unknown_spool_names(s, [kept[0]]) == set()
        names = retention.purge(s, factories.STUDY, "admin", before=before)
        assert len(names) == 1
        assert instances.unknown_spool_names(s, names) == set(names), "a file that was given up is kept for ever"
        assert retention.purge(s, factories.STUDY, "admin", before=before) == []
        assert [(line.actor, line.action) for line in audit.newest(s)][-1] == ("admin", "purge")
        assert studies.conflict(s, factories.STUDY) == studies.REMOVED
    assert _served(sessions) == []


def test_work_that_came_meanwhile_keeps_the_files(sessions: Sessions) -> None:
    _study(sessions)
    with transaction(sessions) as s:
        (job,) = jobs.of_study(s, factories.STUDY)
        (first, *_) = deliveries.of_job(s, job.job_id)
        s.execute(update(DeliveryRow).where(DeliveryRow.id == first.delivery_id).values(state="pending"))
        assert retention.purge(s, factories.STUDY, "admin", before=database_now(s) + timedelta(days=1)) == []
