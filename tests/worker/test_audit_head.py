"""The head of the audit trail, remembered outside of the database."""

import logging
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from db import audit
from db.engine import transaction
from screening.errors import SpoolUnavailable
from tests.worker.ports import make_ports
from worker.audit_head import path_of, remember, remembered
from worker.ports import Ports


@pytest.fixture
def node(tmp_path: Path) -> Ports:
    return make_ports(tmp_path / "node")


def _say(node: Ports) -> None:
    with transaction(node.sessions) as session:
        audit.record(session, actor="admin", action="retry", subject="job 1", detail="")


def test_an_empty_trail_is_not_remembered(node: Ports) -> None:
    remember(node)
    assert remembered(node.settings) is None


def test_each_new_head_goes_to_the_file_and_the_log(node: Ports, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for number in (1, 2):
        _say(node)
        remember(node)
        head = remembered(node.settings)
        assert head is not None
        assert head.sequence == number
        assert f"head is line {number}, digest {head.digest}" in caplog.text
    assert stat.S_IMODE(path_of(node.settings).stat().st_mode) == 0o600
    caplog.clear()
    remember(node)
    assert caplog.records == []


def test_a_head_that_is_gone_stays_remembered_and_is_told_every_time(
    node: Ports, caplog: pytest.LogCaptureFixture
) -> None:
    _say(node)
    _say(node)
    remember(node)
    before = remembered(node.settings)
    with node.sessions.begin() as session:
        session.execute(text("DROP TRIGGER audit_no_delete"))
        session.execute(text("DELETE FROM audit WHERE sequence = 2"))
    for _ in range(2):
        caplog.clear()
        _say(node)  # another line 2, and a line 3
        remember(node)
        assert "lacks its line 2 as remembered" in caplog.text
    assert remembered(node.settings) == before


@pytest.mark.parametrize("content", ["", "[]", '{"sequence": 1}', '{"sequence": "x", "digest": "a"}'])
def test_a_file_that_holds_no_head_is_named(node: Ports, content: str) -> None:
    path_of(node.settings).write_text(content, encoding="utf-8")
    with pytest.raises(SpoolUnavailable, match=r"audit-head\.json, cannot be read"):
        remembered(node.settings)


def test_a_folder_that_cannot_be_written_is_named(node: Ports) -> None:
    _say(node)
    path_of(node.settings).with_name("audit-head.json.part").mkdir()
    with pytest.raises(SpoolUnavailable, match=r"cannot be kept in .*audit-head\.json"):
        remember(node)
