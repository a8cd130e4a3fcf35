"""`opportune purge`: lists first, removes when told to."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from db.engine import transaction
from db.tables import StudyRow
from tests.worker.cli.command import opportune
from tests.worker.factories import STUDY
from tests.worker.ports import make_ports, radiograph, receive
from worker.indexing import index_received
from worker.ports import Ports


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ports:
    """A node in the working directory with an old study that no model took."""
    monkeypatch.chdir(tmp_path)
    ports = make_ports(tmp_path / "opportune-data")
    receive(ports, radiograph())
    index_received(ports)
    with transaction(ports.sessions) as session:
        old = ports.clock() - timedelta(days=40)
        session.execute(update(StudyRow).values(intake_due=False, last_received_at=old))
    return ports


def _files(node: Ports) -> int:
    return sum(path.is_file() for path in node.settings.spool.glob("?/?/*"))


def test_it_lists_before_it_removes(node: Ports) -> None:
    listed = opportune("purge", "--days", 30, "--json")
    assert listed.status == 0, listed.words
    assert listed.json["removed"] is False
    assert [item["study_instance_uid"] for item in listed.json["studies"]] == [STUDY]
    assert _files(node) == 1
    assert opportune("purge", "--days", 60, "--remove", "--json").json["studies"] == []
    assert _files(node) == 1
    assert opportune("purge", "--days", 30, "--remove", "--json").json["removed"] is True
    assert _files(node) == 0


def test_an_age_must_be_set(node: Ports) -> None:
    ended = opportune("purge")
    assert ended.status != 0
    assert "retention.spool_days" in ended.words
