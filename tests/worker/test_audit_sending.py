"""Audit messages go to their file and to their repository, and wait for one that is away."""

import logging
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from db import audit_messages
from db.engine import transaction
from db.node_tables import AuditMessageRow
from screening.log_settings import Audit
from tests.dicom_node.audit.repository import running_repository
from tests.dicom_node.network import dead_port, wait_until
from tests.worker.ports import make_ports
from worker import audit_sending
from worker.audit_sending import AuditSender
from worker.ports import Ports


def _ports(folder: Path, **audit: Any) -> Ports:
    return make_ports(folder / "node", audit=Audit(**audit))


def _put(ports: Ports, *names: str) -> None:
    with transaction(ports.sessions) as session:
        for name in names:
            audit_messages.put(session, f"<{name}/>")


def _left(ports: Ports) -> int:
    with transaction(ports.sessions, read_only=True) as session:
        return len(session.scalars(select(AuditMessageRow.id)).all())


def _filed(ports: Ports) -> list[str]:
    return ports.settings.audit_file.read_text(encoding="utf-8").splitlines()


def test_without_a_repository_messages_go_to_the_file_and_away(tmp_path: Path) -> None:
    ports = _ports(tmp_path)
    sender = AuditSender(ports)
    _put(ports, "a", "b")
    assert sender.round()
    _put(ports, "c")
    assert sender.round()
    assert _filed(ports) == ["<a/>", "<b/>", "<c/>"]
    assert _left(ports) == 0


def test_what_the_repository_cannot_take_now_waits_and_comes_in_order(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = dead_port()
    ports = _ports(tmp_path, syslog="tcp", host="127.0.0.1", port=port)
    sender = AuditSender(ports)
    for name in ("a", "b", "c"):
        _put(ports, name)
        assert not sender.round()
    assert _filed(ports) == ["<a/>", "<b/>", "<c/>"]  # once each
    assert _left(ports) == 3
    assert "audit messages wait: the audit repository tcp://127.0.0.1" in caplog.text
    with running_repository("tcp", port=port) as taken:
        _put(ports, "d")
        assert sender.round()
        wait_until(lambda: len(taken) == 4)
    assert [record.rpartition(b"\xef\xbb\xbf")[2] for record in taken] == [b"<a/>", b"<b/>", b"<c/>", b"<d/>"]
    assert _left(ports) == 0


def test_a_file_that_cannot_be_written_does_not_hold_up_the_repository(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running_repository("udp") as taken:
        ports = _ports(tmp_path, file=tmp_path, syslog="udp", host="127.0.0.1", port=taken.port)
        _put(ports, "a")
        assert not AuditSender(ports).round()
        wait_until(lambda: len(taken) == 1)
    assert _left(ports) == 1
    assert "cannot be written: Is a directory" in caplog.text


def test_a_fault_nobody_foresaw_does_not_end_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("DOE^JANE")

    monkeypatch.setattr(audit_messages, "waiting", fail)
    assert not AuditSender(_ports(tmp_path)).round()
    assert "KeyError in tests.worker.test_audit_sending" in caplog.text
    assert "DOE" not in caplog.text


def test_the_loop_takes_what_comes_and_at_its_end_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(audit_sending, "_SECONDS", 0.01)
    ports = _ports(tmp_path)
    sender = AuditSender(ports)
    thread = threading.Thread(target=sender.run)
    thread.start()
    _put(ports, "a")
    wait_until(lambda: ports.settings.audit_file.exists() and _filed(ports) == ["<a/>"])
    sender.stop()
    thread.join(10)
    _put(ports, "b")
    sender.run()
    assert _filed(ports) == ["<a/>", "<b/>"]
    assert caplog.records == []
