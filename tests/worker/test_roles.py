"""The whole node in one process starts, takes an instance, and stops cleanly; twice in the same process."""

import gc
import time
from pathlib import Path

import pytest

from db import conditions, status
from db.engine import transaction
from dicom_node import scu
from dicom_node.identity import Timeouts
from screening.monitoring_settings import Metrics, Notify
from screening.settings import Destination, Node, Peer, Settings, WorkerSettings
from tests.dicom_node.network import wait_until
from tests.servers.postgres import free_port
from tests.worker.monitoring.test_sending import hook
from tests.worker.monitoring.test_server import ask
from tests.worker.ports import radiograph
from worker import bootstrap, roles


def _settings(folder: Path) -> Settings:
    return Settings(
        home=folder,
        node=Node(bind="127.0.0.1", port=0, quiet_seconds=0, minimum_free_mb=0),
        peers=(Peer(ae_title="SENDER", address="127.0.0.1"),),
        worker=WorkerSettings(reconcile_seconds=0.1),
    )


@pytest.mark.parametrize("again", ["first", "second"])
def test_serving(tmp_path: Path, again: str) -> None:
    path = tmp_path / "one.dcm"
    radiograph().save_as(path, enforce_file_format=True)
    node = bootstrap.build(_settings(tmp_path / "node"))
    with roles.serving(node) as running:
        assert gc.get_freeze_count() > 0  # whoever collects garbage need not look at what stays
        us = Destination(name="node", ae_title="OPPORTUNE", address="127.0.0.1", port=running.port)
        assert scu.echo(us, "SENDER", Timeouts()).ok
        (result,) = scu.send_files([path], us, "SENDER", Timeouts())
        assert result.stored
        deadline = time.monotonic() + 30
        while True:
            with transaction(node.ports.sessions) as session:
                counts = status.counts(session)
            if counts["instances"]["indexed"] == 1:
                break
            assert time.monotonic() < deadline, counts
            time.sleep(0.02)
    assert not scu.echo(us, "SENDER", Timeouts(acse=1, connect=1)).ok
    node.close()


def test_numbers_are_told_where_asked_for(tmp_path: Path) -> None:
    port = free_port()
    settings = _settings(tmp_path / "node").model_copy(update={"metrics": Metrics(enabled=True, port=port)})
    node = bootstrap.build(settings)
    with roles.serving(node):
        assert ask(port, "/readyz")[0] == 200
        assert "opportune_database_up 1" in ask(port, "/metrics")[1]
    node.close()


def test_somebody_is_told_of_a_trouble(tmp_path: Path) -> None:
    with hook() as (port, came):
        told = Notify.model_validate({"webhook": f"http://127.0.0.1:{port}/x"})
        settings = _settings(tmp_path / "node").model_copy(update={"notify": told})
        node = bootstrap.build(settings)
        with transaction(node.ports.sessions) as session:
            conditions.failed(session, conditions.SPOOL, "fsync failed")
        with roles._notifying(node):
            wait_until(lambda: len(came) == 1)
        node.close()
    assert "did not confirm" in came[0][1]["text"]


class EndingWorker:
    """A Celery worker that ends at once."""

    def __init__(self, exitcode: int | None) -> None:
        self.exitcode = exitcode
        self.started = False

    def start(self) -> None:
        self.started = True


def test_a_worker_that_the_broker_ended_is_made_anew() -> None:
    workers = [EndingWorker(1), EndingWorker(1), EndingWorker(0), EndingWorker(0)]
    left, pauses = list(workers), list[float]()
    roles.work_until_stopped(lambda: left.pop(0), pauses.append)
    assert [worker.started for worker in workers] == [True, True, True, False]
    assert len(pauses) == 2
