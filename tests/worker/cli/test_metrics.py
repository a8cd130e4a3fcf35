"""`opportune metrics`."""

from collections.abc import Callable

import pytest

from tests.worker.cli.command import opportune
from tests.worker.cli.conftest import Configure
from tests.worker.cli.screened import GOOD, screened
from tests.worker.monitoring.test_server import ask
from tests.worker.sandbox.scripted import ScriptedSandbox
from worker import roles
from worker.ports import Ports


def test_without_a_database_it_says_where_it_looked() -> None:
    ended = opportune("metrics")
    assert ended.status == 1
    assert "there is no database in opportune-data" in ended.words


def test_it_prints_once(node: Ports) -> None:
    screened(node, ScriptedSandbox(GOOD))
    ended = opportune("metrics")
    assert ended.status == 0, ended.err
    assert 'opportune_jobs{state="inferred"} 1' in ended.out


def test_it_answers_until_a_signal_comes(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    configure('[log]\nlevel = "WARNING"\n[metrics]\nport = 0\n')
    answered: list[int] = []

    def wait(announce: Callable[[], None]) -> None:
        port = int(announce.args[0].split(":")[2].split("/")[0])  # type: ignore[attr-defined]
        answered.extend(ask(port, path)[0] for path in ("/metrics", "/healthz", "/readyz"))

    monkeypatch.setattr(roles, "wait_for_signal", wait)
    ended = opportune("metrics", "--serve")
    assert ended.status == 0, ended.err
    assert answered == [200, 200, 200]
