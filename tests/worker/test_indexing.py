"""Every received file becomes an indexed instance or a row that says why not."""

import errno
import os
from pathlib import Path

import pytest
from sqlalchemy import select

from db import instances, status
from db.engine import transaction
from db.tables import InstanceRow
from screening.errors import DatabaseUnavailable
from tests.worker.ports import make_ports, radiograph, receive, receive_bytes
from worker.indexing import give_up, index_received
from worker.ports import Ports


@pytest.fixture
def ports(tmp_path: Path) -> Ports:
    return make_ports(tmp_path)


def _states(ports: Ports) -> dict[str, int]:
    with transaction(ports.sessions) as session:
        return {state: n for state, n in status.counts(session)["instances"].items() if n}


def _reasons(ports: Ports) -> list[str]:
    with transaction(ports.sessions) as session:
        return [row.reason or "" for row in session.scalars(select(InstanceRow).order_by(InstanceRow.id))]


def test_a_good_file_is_indexed(ports: Ports) -> None:
    receive(ports, radiograph())
    assert index_received(ports) == 1
    assert _states(ports) == {"indexed": 1}
    assert index_received(ports) == 0


def test_the_same_bytes_again_are_a_duplicate_and_are_kept_once(ports: Ports) -> None:
    first, second = receive(ports, radiograph()), receive(ports, radiograph())
    index_received(ports)
    assert _states(ports) == {"indexed": 1, "duplicate": 1}
    assert ports.spool.path(first).is_file()
    assert not ports.spool.path(second).is_file()


def test_other_bytes_under_the_same_uid_are_kept_and_flagged(ports: Ports) -> None:
    names = [receive(ports, radiograph()), receive(ports, radiograph(SeriesDescription="other"))]
    index_received(ports)
    assert _states(ports) == {"indexed": 1, "conflict": 1}
    assert all(ports.spool.path(name).is_file() for name in names)
    assert "SOP Instance UID" in _reasons(ports)[1]


def test_another_patient_under_the_same_study_is_flagged_without_naming_either(ports: Ports) -> None:
    receive(ports, radiograph(1))
    receive(ports, radiograph(2, PatientID="P2", PatientName="ROE^RICHARD"))
    index_received(ports)
    assert _states(ports) == {"indexed": 1, "conflict": 1}
    assert "patient" in _reasons(ports)[1].lower()
    assert not any(name in reason for reason in _reasons(ports) for name in ("DOE", "ROE", "P1", "P2"))


@pytest.mark.parametrize("data", [b"", b"no DICOM", bytes(128) + b"DICM" + b"\xff" * 100, bytes(4096)])
def test_a_file_that_cannot_be_read_becomes_a_row_and_is_kept(ports: Ports, data: bytes) -> None:
    name = receive_bytes(ports, data, "1.2.3")
    index_received(ports)
    assert _states(ports) == {"unreadable": 1}
    assert _reasons(ports)[0]
    assert ports.spool.path(name).is_file()


def test_a_data_set_under_the_uid_of_another_is_refused(ports: Ports) -> None:
    receive(ports, radiograph(), affected="1.2.3.4")
    index_received(ports)
    assert _states(ports) == {"unreadable": 1}
    assert "Affected SOP Instance UID" in _reasons(ports)[0]


def test_a_file_that_is_gone_is_told(ports: Ports) -> None:
    ports.spool.remove(receive(ports, radiograph()))
    index_received(ports)
    assert _states(ports) == {"unreadable": 1}
    assert "no longer in the spool" in _reasons(ports)[0]


def test_a_file_that_a_power_cut_left_half_is_told(ports: Ports) -> None:
    """Its row was durable before it was, and its sender never heard of Success."""
    path = ports.spool.path(receive(ports, radiograph()))
    os.truncate(path, path.stat().st_size - 1)
    index_received(ports)
    assert _states(ports) == {"unreadable": 1}
    assert "its sender was never told that it was stored" in _reasons(ports)[0]


@pytest.mark.parametrize("where", ["read_instance", "instances.index"])
def test_a_fault_that_nobody_foresaw_becomes_a_row_and_stops_no_other_file(
    ports: Ports, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    def fault(*_: object, **__: object) -> None:
        raise KeyError("DOE^JANE")

    name = receive(ports, radiograph(1))
    with monkeypatch.context() as patched:
        patched.setattr(f"worker.indexing.{where}", fault)
        assert index_received(ports) == 1
    receive(ports, radiograph(2))
    index_received(ports)
    assert _states(ports) == {"unreadable": 1, "indexed": 1}
    assert _reasons(ports)[0].startswith("KeyError in tests.worker.test_indexing:")
    assert ports.spool.path(name).is_file()
    assert "DOE" not in caplog.text


def test_a_database_that_is_gone_leaves_files_to_be_indexed_later(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("no answer")

    receive(ports, radiograph())
    with monkeypatch.context() as patched:
        patched.setattr("worker.indexing.instances.index", gone)
        with pytest.raises(DatabaseUnavailable):
            index_received(ports)
    assert _states(ports) == {"received": 1}
    assert index_received(ports) == 1
    assert _states(ports) == {"indexed": 1}


def _fail_to_read(monkeypatch: pytest.MonkeyPatch, bad: Path, call: str) -> None:
    """The system call fails with EIO for one file, as a bad sector makes it."""
    real = getattr(os, call)

    def faulty(path: object, *args: object, **kwargs: object) -> object:
        if path == bad:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, call, faulty)


@pytest.mark.parametrize("call", ["stat", "open"])
def test_a_file_that_the_disk_does_not_give_back_stops_no_other_and_is_indexed_later(
    ports: Ports, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    bad = receive(ports, radiograph(1))
    receive(ports, radiograph(2))
    failing: set[int] = set()
    with monkeypatch.context() as patched:
        _fail_to_read(patched, ports.spool.path(bad), call)
        assert index_received(ports, failing) == 1
        assert _states(ports) == {"received": 1, "indexed": 1}
        assert len(failing) == 1
    assert index_received(ports, failing) == 0  # not tried twice in a round
    assert index_received(ports, set()) == 1
    assert _states(ports) == {"indexed": 2}


def test_a_file_that_is_given_up_is_a_row_with_a_code_and_is_kept(ports: Ports) -> None:
    name = receive(ports, radiograph())
    with transaction(ports.sessions) as session:
        (row,) = instances.received(session)
    give_up(ports, [row.instance_id])
    with transaction(ports.sessions) as session:
        settled = session.get_one(InstanceRow, row.instance_id)
        assert (settled.state, settled.code) == ("unreadable", "spool-error")
        assert "is kept" in (settled.reason or "")
    assert ports.spool.path(name).is_file()


def test_our_own_output_is_not_looked_at_again(ports: Ports) -> None:
    receive(ports, radiograph(Modality="SR"))
    index_received(ports)
    assert _states(ports) == {"own_output": 1}


@pytest.mark.parametrize("left", ["missing", "short", "whole"])
def test_a_copy_takes_the_place_of_one_without_a_whole_file(left: str, ports: Ports) -> None:
    """To call it a duplicate and remove it would lose what was acknowledged."""
    image = radiograph()
    first = ports.spool.path(receive(ports, image))
    index_received(ports)
    if left == "missing":
        first.unlink()
    elif left == "short":
        os.truncate(first, first.stat().st_size - 1)
    second = ports.spool.path(receive(ports, image))
    index_received(ports)
    if left == "whole":
        assert _states(ports) == {"indexed": 1, "duplicate": 1}
        assert (first.is_file(), second.is_file()) == (True, False)
    else:
        assert _states(ports) == {"indexed": 1, "unreadable": 1}
        assert second.is_file()
        assert "a copy that came later takes its place" in _reasons(ports)[0]
