"""Notices reach a mail server and a webhook, and say of neither what is secret."""

import json
import logging
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_string
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from screening.errors import DestinationUnavailable
from screening.monitoring_settings import Notify
from tests.dicom_node.audit.repository import make_certificates
from tests.dicom_node.network import dead_port
from tests.worker.monitoring.mail_server import running_mail_server
from worker.monitoring.notices import Notice
from worker.monitoring.sending import by_mail, by_webhook, ways

NOTICE = Notice(lines=("jobs in quarantine: 2",), over=("destination pacs",))
FROM = "node@hospital.example"


def _mail(port: int, **changes: Any) -> Notify:
    values = {"email_to": ["a@hospital.example", "b@hospital.example"], "email_from": FROM, "smtp_host": "127.0.0.1"}
    return Notify.model_validate(
        {**values, "smtp_port": port, "smtp_security": "none", "timeout_seconds": 10, **changes}
    )


@contextmanager
def hook(status: int = 204, location: str | None = None) -> Iterator[tuple[int, list[tuple[str, Any]]]]:
    """A webhook that answers with a status; its port, and what came."""
    came: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(status)
            if location is not None:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_port, came
        finally:
            server.shutdown()
            thread.join()


def test_a_mail_reaches_every_address() -> None:
    with running_mail_server() as server:
        by_mail(_mail(server.port), NOTICE, "OPPORTUNE")
    (text,) = server.messages
    message = message_from_string(text)
    assert message["Subject"] == "OPPORTUNE: jobs in quarantine: 2"
    assert (message["From"], message["To"]) == (FROM, "a@hospital.example, b@hospital.example")
    assert message["Auto-Submitted"] == "auto-generated"
    assert "- over: destination pacs" in message.get_payload()


def test_a_password_goes_only_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, certificate, key = make_certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=authority)
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    settings = {"smtp_security": "starttls", "smtp_user": "node", "smtp_password": "hunter2"}
    with running_mail_server(context) as server:
        by_mail(_mail(server.port, **settings), NOTICE, "OPPORTUNE")
        assert (server.signed_in, server.encrypted) == (["node hunter2"], [True])
    with running_mail_server() as plain:
        with pytest.raises(DestinationUnavailable, match="SMTPNotSupportedError") as failed:
            by_mail(_mail(plain.port, **settings), NOTICE, "OPPORTUNE")
        assert plain.signed_in == []
    assert "hunter2" not in str(failed.value)


def test_one_address_that_is_refused_does_not_keep_the_others_from_it(caplog: pytest.LogCaptureFixture) -> None:
    with running_mail_server(refused=("b@hospital.example",)) as server:
        by_mail(_mail(server.port), NOTICE, "OPPORTUNE")
    assert len(server.messages) == 1
    assert "refuses 1 of 2 addresses" in caplog.text


def test_a_mail_server_that_refuses_all_or_is_away() -> None:
    with (
        running_mail_server(refused=("hospital.example>",)) as server,
        pytest.raises(DestinationUnavailable, match="mail server"),
    ):
        by_mail(_mail(server.port, email_to=["a@hospital.example"]), NOTICE, "OPPORTUNE")
    with pytest.raises(DestinationUnavailable, match="does not take a notice"):
        by_mail(_mail(dead_port()), NOTICE, "OPPORTUNE")


def test_a_webhook_gets_json() -> None:
    with hook() as (port, came):
        by_webhook(Notify.model_validate({"webhook": f"http://127.0.0.1:{port}/hooks/x"}), NOTICE, "OPPORTUNE")
    ((path, content),) = came
    assert path == "/hooks/x"
    assert content["lines"] == ["jobs in quarantine: 2"]
    assert content["over"] == ["destination pacs"]
    assert content["text"].startswith("The Opportune node OPPORTUNE reports:")


@pytest.mark.parametrize("status", [302, 403, 500])
def test_a_webhook_that_refuses_or_leads_elsewhere(status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with hook() as (elsewhere, other), hook(status, f"http://127.0.0.1:{elsewhere}/") as (port, _):
        settings = Notify.model_validate({"webhook": f"http://127.0.0.1:{port}/token17"})
        with pytest.raises(DestinationUnavailable, match=f"the webhook answers {status}") as failed:
            by_webhook(settings, NOTICE, "OPPORTUNE")
    assert other == []
    assert "token17" not in str(failed.value) + caplog.text


def test_a_webhook_that_is_away() -> None:
    settings = Notify.model_validate({"webhook": f"http://127.0.0.1:{dead_port()}/token17"})
    with pytest.raises(DestinationUnavailable, match="does not answer") as failed:
        by_webhook(settings, NOTICE, "OPPORTUNE")
    assert "token17" not in str(failed.value)


def test_the_ways_are_those_that_are_set() -> None:
    assert ways(Notify()) == {}
    assert set(ways(_mail(25))) == {"e-mail"}
    with hook() as (port, came):
        (send,) = ways(Notify.model_validate({"webhook": f"http://127.0.0.1:{port}/x"})).values()
        send(NOTICE, "OPPORTUNE")
    assert len(came) == 1
