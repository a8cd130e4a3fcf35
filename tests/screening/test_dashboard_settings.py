"""The dashboard is closed unless it is opened on purpose, and no password crosses a network in the clear."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from screening.dashboard_settings import Dashboard


def test_it_is_off_and_for_this_computer_alone() -> None:
    dashboard = Dashboard()
    assert (dashboard.enabled, dashboard.host, dashboard.secure) == (False, "127.0.0.1", False)
    assert dashboard.known_hosts == {"127.0.0.1", "[::1]", "localhost"}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"host": "0.0.0.0"}, "set certificate and key, or proxies"),
        ({"certificate": "c.pem"}, "together"),
        ({"key": "k.pem"}, "together"),
        ({"hosts": ["https://node"]}, "without scheme and port"),
        ({"hosts": ["node:8380"]}, "without scheme and port"),
        ({"proxies": ["proxy"]}, "must be IP addresses"),
    ],
)
def test_what_is_open_or_unclear_is_refused(values: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Dashboard(**values)


def test_a_network_is_served_by_tls_or_behind_a_proxy() -> None:
    own = Dashboard(host="0.0.0.0", certificate=Path("c.pem"), key=Path("k.pem"), hosts=("Node.Hospital",))
    behind = Dashboard(host="10.0.0.5", proxies=("10.0.0.1",))
    assert own.secure
    assert behind.secure
    assert "node.hospital" in own.known_hosts
    assert behind.proxies == ("10.0.0.1/32",)
