"""Files that have served are removed, and nothing else."""

from datetime import timedelta

from sqlalchemy import update

from db import instances, studies
from db.engine import transaction
from db.tables import StudyRow
from tests.worker.factories import STUDY
from tests.worker.ports import radiograph, receive
from worker import retention
from worker.indexing import index_received
from worker.ports import Ports


def _taken_in(ports: Ports) -> str:
    """A study that no model took; the spool name of its image."""
    name = receive(ports, radiograph())
    index_received(ports)
    with transaction(ports.sessions) as session:
        session.execute(update(StudyRow).values(intake_due=False))
    return name


def test_files_go_and_the_study_says_so(ports: Ports) -> None:
    path = ports.spool.path(_taken_in(ports))
    later = ports.clock() + timedelta(days=31)
    (listed,) = retention.served(ports.settings, ports.sessions, 30, later)
    assert (listed.study_instance_uid, listed.files) == (STUDY, 1)
    assert path.is_file(), "listing removed something"
    (removed,) = retention.purge(ports.settings, ports.sessions, ports.spool, "admin", days=30, now=later)
    assert removed == listed
    assert not path.exists()
    assert retention.purge(ports.settings, ports.sessions, ports.spool, "admin", days=30, now=later) == []


def test_young_files_stay(ports: Ports) -> None:
    path = ports.spool.path(_taken_in(ports))
    assert retention.purge(ports.settings, ports.sessions, ports.spool, "a", days=30, now=ports.clock()) == []
    assert path.is_file()


def test_a_study_that_comes_again_is_whole_again(ports: Ports) -> None:
    _taken_in(ports)
    later = ports.clock() + timedelta(days=31)
    retention.purge(ports.settings, ports.sessions, ports.spool, "admin", days=30, now=later)
    receive(ports, radiograph(2))
    index_received(ports)
    with transaction(ports.sessions) as session:
        assert studies.conflict(session, STUDY) == studies.REMOVED, "a part was taken for the whole"
    again = receive(ports, radiograph())
    index_received(ports)
    with transaction(ports.sessions) as session:
        assert studies.conflict(session, STUDY) is None
        assert instances.unknown_spool_names(session, [again]) == set()
    assert ports.spool.path(again).is_file()
