"""The database as commands open it."""

from pathlib import Path

import pytest

from db import audit
from screening.errors import DatabaseUnavailable
from tests.worker.cli.conftest import Configure
from worker.cli.database import open_session
from worker.ports import Ports


def test_a_change_is_committed_and_a_reader_sees_it(node: Ports) -> None:
    with open_session() as session:
        audit.record(session, actor="admin", action="look", subject="nothing", detail="")
    with open_session(read_only=True) as session:
        assert len(audit.newest(session)) == 1


def test_none_is_made_where_there_is_none(tmp_path: Path, configure: Configure) -> None:
    configure('home = "elsewhere"\n')
    with pytest.raises(DatabaseUnavailable, match="there is no database in elsewhere"), open_session():
        pass
    assert not (tmp_path / "elsewhere").exists()
