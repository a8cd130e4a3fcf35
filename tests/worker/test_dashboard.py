"""The dashboard as a part of a node."""

from pathlib import Path

import httpx2
import pytest
from argon2 import PasswordHasher

from dashboard import passwords
from db import processes, users
from db.engine import transaction
from screening.dashboard_settings import Dashboard
from tests.dashboard.site import QUICK
from tests.worker.ports import make_settings
from worker.bootstrap import Node, build
from worker.dashboard import serving_pages


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    def quick() -> PasswordHasher:
        return QUICK

    monkeypatch.setattr(passwords, "PasswordHasher", quick)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return build(make_settings(tmp_path, dashboard=Dashboard(port=0)))


def test_it_is_served_and_the_first_password_is_told_once(node: Node) -> None:
    with serving_pages(node) as said:
        address = said[0].removeprefix("the dashboard is at ")
        assert httpx2.get(address + "healthz", trust_env=False).text == "ok"
    assert "one-time password" in said[1]
    with serving_pages(node) as said:
        assert len(said) == 1
    with transaction(node.ports.sessions, read_only=True) as s:
        assert [user.name for user in users.known(s)] == ["admin"]
    node.close()


def test_a_process_of_its_own_says_that_it_runs(node: Node) -> None:
    with serving_pages(node, "dashboard"):
        pass
    with serving_pages(node), transaction(node.ports.sessions, read_only=True) as s:
        assert processes.known(s) == []
    node.close()
