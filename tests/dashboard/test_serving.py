"""The dashboard as a server."""

import socket
import ssl
import subprocess
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from dashboard.serving import dashboard
from screening.dashboard_settings import Dashboard
from screening.errors import ScreeningError
from tests.conftest import require_program
from tests.dashboard.site import make_site


def test_it_answers_for_the_length_of_the_block(tmp_path: Path) -> None:
    parts = make_site(tmp_path, dashboard=Dashboard(port=0)).parts
    with dashboard(parts) as address:
        assert address.startswith("http://127.0.0.1:")
        answer = httpx2.get(address + "healthz", trust_env=False)
        assert (answer.status_code, answer.text) == (200, "ok")
        assert "server" not in answer.headers
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(address, trust_env=False)


def test_an_address_that_is_taken_is_told(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        parts = make_site(tmp_path, dashboard=Dashboard(port=port)).parts
        with pytest.raises(ScreeningError, match=f"cannot listen on 127.0.0.1:{port}"), dashboard(parts):
            pass


def test_tls(tmp_path: Path) -> None:
    require_program("openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    parts = make_site(tmp_path, dashboard=Dashboard(port=0, certificate=certificate, key=key)).parts
    with dashboard(parts) as address:
        trusted = ssl.create_default_context(cafile=str(certificate))
        answer = httpx2.get(address + "sign-in", verify=trusted, trust_env=False)
        assert answer.status_code == 200
        assert "Secure" in answer.headers["set-cookie"]
        assert "strict-transport-security" in answer.headers


def test_a_certificate_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    settings = Dashboard(port=0, certificate=tmp_path / "no.pem", key=tmp_path / "no.key")
    parts = make_site(tmp_path, dashboard=settings).parts
    with pytest.raises(ScreeningError, match="FileNotFoundError"), dashboard(parts):
        pass
