"""`opportune dashboard`, and the dashboard in `opportune serve`."""

import re
from functools import partial

import httpx2
import pytest
from argon2 import PasswordHasher

from dashboard import passwords
from tests.dashboard.site import QUICK
from tests.worker.cli.command import opportune
from tests.worker.cli.conftest import Configure
from worker import roles

SETTINGS = """
[log]
level = "WARNING"
[node]
bind = "127.0.0.1"
port = 0
minimum_free_mb = 0
[dashboard]
port = 0
"""


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the dashboard answers at the address that is printed."""
    found: list[str] = []

    def quick() -> PasswordHasher:
        return QUICK

    def wait(announce: partial[None]) -> None:
        (said,) = announce.args
        found.append(said)
        address = re.search(r"the dashboard is at (\S+)", said)
        if address is not None:
            found.append(httpx2.get(address[1] + "healthz", trust_env=False).text)

    monkeypatch.setattr(passwords, "PasswordHasher", quick)
    monkeypatch.setattr(roles, "wait_for_signal", wait)
    return found


@pytest.mark.parametrize(
    ("command", "enabled", "there"), [("dashboard", "false", True), ("serve", "true", True), ("serve", "false", False)]
)
def test_it_is_served_where_it_was_asked_for(
    configure: Configure, answered: list[str], command: str, enabled: str, there: bool
) -> None:
    configure(SETTINGS + f"enabled = {enabled}\n")
    ended = opportune(command)
    assert ended.status == 0, ended.err
    assert ("ok" in answered) is there
    assert ("one-time password" in answered[0]) is there
