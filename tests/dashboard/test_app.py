"""The application is the table of routes behind the guard."""

from pathlib import Path

from dashboard.app import make_parts
from dashboard.passwords import Passwords
from tests.dashboard.site import QUICK, Browser
from tests.worker.ports import make_ports


def test_parts_are_built_from_the_settings(tmp_path: Path) -> None:
    ports = make_ports(tmp_path)
    parts = make_parts(ports.settings, ports.sessions, Passwords(QUICK))
    allowed = [parts.throttle.allows("a") for _ in range(ports.settings.dashboard.attempts_per_minute + 1)]
    assert (allowed[0], allowed[-1]) == (True, False)
    assert parts.templates.globals["node_name"] == "OPPORTUNE"


def test_head_is_answered_like_get(viewer: Browser) -> None:
    assert viewer.http.head("/healthz").status_code == 200
