"""The cookies."""

import pytest
from starlette.responses import Response

from dashboard import cookies
from screening.dashboard_settings import Dashboard

PLAIN, TLS = Dashboard(), Dashboard(proxies=("10.0.0.1",))


@pytest.mark.parametrize(("settings", "prefix"), [(PLAIN, ""), (TLS, "__Host-")])
def test_no_script_and_no_other_site_gets_one(settings: Dashboard, prefix: str) -> None:
    given = cookies.give(Response(), settings, "session", "token").headers["set-cookie"]
    assert given.startswith(f"{prefix}opportune-session=token; ")
    parts = set(given.split("; ")[1:])
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= parts
    assert ("Secure" in parts) == settings.secure
    assert not any(part.startswith(("Max-Age", "Domain")) for part in parts)


def test_one_that_is_kept_and_one_that_is_taken() -> None:
    assert "Max-Age=60" in cookies.give(Response(), PLAIN, "theme", "dark", seconds=60).headers["set-cookie"]
    assert "Max-Age=0" in cookies.take(Response(), PLAIN, "theme").headers["set-cookie"]
