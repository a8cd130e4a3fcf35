"""A host that sees another spool than its node's neither screens nor sweeps."""

import logging
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dicom_node.spool import Spool
from dicom_node.spool_owner import owner_file, read_owner
from screening.errors import ConfigurationError, SpoolUnavailable
from tests.worker.ports import make_ports
from worker import bootstrap, spool_owner
from worker.ports import Ports
from worker.reconciler import Reconciler


def _elsewhere(ports: Ports, folder: Path) -> Ports:
    """The same node on a host that has a spool of its own at the place where the node's should be."""
    settings = ports.settings.model_copy(update={"home": folder})
    return replace(ports, settings=settings, spool=Spool(settings.spool, minimum_free=0))


def _trouble(ports: Ports) -> str:
    return spool_owner.trouble(ports.sessions, ports.settings.spool) or ""


def test_the_spool_that_the_listener_marked_is_seen_wherever_it_is_mounted(ports: Ports, tmp_path: Path) -> None:
    assert _trouble(ports) == ""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "spool").symlink_to(ports.settings.spool)
    assert _trouble(_elsewhere(ports, tmp_path / "other")) == ""


def test_a_local_folder_in_its_place_is_told(ports: Ports, tmp_path: Path) -> None:
    there = _elsewhere(ports, tmp_path / "other")
    assert "mount that one here" in _trouble(there)


def test_another_nodes_spool_is_told_and_not_taken(ports: Ports, tmp_path: Path) -> None:
    other = make_ports(tmp_path / "another-node")
    there = _elsewhere(ports, other.settings.home)
    assert "another node" in _trouble(there)
    with pytest.raises(ConfigurationError, match="belongs to another database"):
        spool_owner.claim(there)
    assert _trouble(other) == ""


def test_a_new_disk_is_marked_by_the_listener(ports: Ports) -> None:
    before = read_owner(ports.settings.spool)
    owner_file(ports.settings.spool).unlink()
    assert "missing" in _trouble(ports)
    spool_owner.claim(ports)
    assert read_owner(ports.settings.spool) == before


def test_a_disk_that_takes_no_file_does_not_keep_the_node_from_starting(
    ports: Ports, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    owner_file(ports.settings.spool).unlink()

    def full(root: Path, owner: str) -> None:
        raise SpoolUnavailable("no space left on device")

    monkeypatch.setattr("worker.spool_owner.write_owner", full)
    spool_owner.claim(ports)
    assert "no space left on device; start the listener again" in caplog.text
    assert "missing" in _trouble(ports)


def test_before_any_listener_there_is_no_spool_to_see(tmp_path: Path) -> None:
    node = bootstrap.build(make_ports(tmp_path / "settings").settings.model_copy(update={"home": tmp_path / "new"}))
    assert "no listener has started" in _trouble(node.ports)
    node.close()


def test_a_worker_waits_until_it_sees_the_spool(ports: Ports, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    there = _elsewhere(ports, tmp_path / "other")
    pauses: list[float] = []

    def mount(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            owner_file(there.settings.spool).write_bytes(owner_file(ports.settings.spool).read_bytes())

    with caplog.at_level(logging.WARNING):
        spool_owner.when_seen(there, mount)
    assert len(pauses) == 2
    assert caplog.text.count("waiting for the spool") == 2


def test_files_of_another_node_are_not_swept(ports: Ports, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    other = make_ports(tmp_path / "another-node")
    name = other.spool.put(b"acknowledged by the other node").name
    long_ago = time.time() - 100_000
    os.utime(other.spool.path(name), (long_ago, long_ago))
    Reconciler(_elsewhere(ports, other.settings.home)).round()
    assert other.spool.path(name).is_file()
    assert "is not swept" in caplog.text
