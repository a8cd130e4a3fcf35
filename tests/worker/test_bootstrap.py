"""The composition root makes what is missing and keeps it private."""

import stat
from pathlib import Path

import pytest

from db.engine import transaction
from db.status import counts
from screening.errors import DatabaseUnavailable
from screening.settings import Settings, load
from worker.bootstrap import build


def test_a_new_home_is_made_with_its_database_for_its_owner_only(tmp_path: Path) -> None:
    node = build(Settings(home=tmp_path / "a" / "home"))
    with transaction(node.ports.sessions) as session:
        assert counts(session)["studies"] == 0
    node.close()
    for path in (tmp_path / "a" / "home", tmp_path / "a" / "home" / "opportune.sqlite"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_building_again_keeps_what_is_there(tmp_path: Path) -> None:
    first = build(Settings(home=tmp_path))
    stored = first.ports.spool.put(b"bytes")
    first.close()
    second = build(Settings(home=tmp_path))
    assert second.ports.spool.path(stored.name).read_bytes() == b"bytes"
    second.close()


def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    with pytest.raises(DatabaseUnavailable):
        build(load({"OPPORTUNE_HOME": str(tmp_path), "OPPORTUNE_DATABASE_URL": url}))


def test_an_app_that_only_publishes_does_no_work(tmp_path: Path) -> None:
    node = build(Settings(home=tmp_path))
    publisher = node.ports.bell._app  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError, match="only publishes"):
        publisher.tasks["screen"](1)
    node.close()
