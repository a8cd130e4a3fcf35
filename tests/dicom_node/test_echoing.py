"""C-ECHO as an operator asks for it: each thing that can be wrong, by real sockets, and what is kept of it."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, evt

from benchmarks.certificates import Authority
from db import audit, echoes
from db.engine import transaction
from dicom_node import echoing
from dicom_node.association_faults import Fault
from dicom_node.contexts import verification_context
from dicom_node.standin_pacs import Script
from screening.settings import DeliverySettings, Destination, Settings, Tls
from tests.dicom_node.network import dead_port, destination_at, running_standin
from tests.worker.ports import make_ports

IN_A_HURRY = DeliverySettings(acse_timeout=0.6, dimse_timeout=0.6)


def _ask(destination: Destination) -> Fault | None:
    return echoing.ask(Settings(delivery=IN_A_HURRY), destination).fault


@contextmanager
def _answering(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port whose first connections are answered so."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection:
                    answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(server.getsockname()[1])
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(10)


def _read_pdu(connection: socket.socket) -> None:
    stream = connection.makefile("rb")
    stream.read(int.from_bytes(stream.read(6)[2:], "big"))


def test_who_answers(tmp_path: Path) -> None:
    with running_standin(tmp_path) as (_, port):
        assert _ask(destination_at(port)) is None


def test_nobody_there() -> None:
    assert _ask(destination_at(104, address="does-not-exist.invalid")) is Fault.NAME
    assert _ask(destination_at(dead_port())) is Fault.REFUSED


def test_nothing_comes_back() -> None:
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind(("127.0.0.1", 0))
        server.listen(0)  # what comes when somebody waits already is dropped by the kernel, as by a firewall
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        began = time.monotonic()
        assert _ask(destination_at(server.getsockname()[1])) is Fault.TIMED_OUT
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("answer", "fault"),
    [((1, 1, 7), Fault.CALLED), ((1, 1, 3), Fault.CALLING), ((2, 3, 2), Fault.BUSY), ((1, 1, 1), Fault.REJECTED)],
)
def test_rejected(tmp_path: Path, answer: tuple[int, int, int], fault: Fault) -> None:
    with running_standin(tmp_path, Script(rejection=answer)) as (_, port):
        assert _ask(destination_at(port)) is fault


def test_accepted_but_without_verification() -> None:
    ae = AE("STANDIN")
    ae.add_supported_context("1.2.840.10008.5.1.4.1.1.7")
    server = ae.start_server(("127.0.0.1", 0), block=False)
    assert server is not None
    assert server.socket is not None
    assert _ask(destination_at(server.socket.getsockname()[1])) is Fault.CONTEXT
    server.shutdown()


def test_answered_with_a_failure() -> None:
    ae = AE("STANDIN")
    ae.supported_contexts = [verification_context()]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_ECHO, lambda _: 0x0110)])
    assert server is not None
    assert server.socket is not None
    assert _ask(destination_at(server.socket.getsockname()[1])) is Fault.STATUS
    server.shutdown()


def test_one_that_aborts_one_that_hangs_up_and_one_that_is_silent() -> None:
    def abort(connection: socket.socket) -> None:
        _read_pdu(connection)
        connection.sendall(bytes([7, 0, 0, 0, 0, 4, 0, 0, 2, 0]))  # A-ABORT (PS3.8 table 9-26)
        connection.recv(1)  # the other side closes

    with _answering(abort) as port:
        assert _ask(destination_at(port)) is Fault.ABORTED
    with _answering(_read_pdu) as port:
        assert _ask(destination_at(port)) is Fault.HUNG_UP
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert _ask(destination_at(silent.getsockname()[1])) is Fault.SILENT


@contextmanager
def _archive(authority: Authority, trusted: Path, who: str = "pacs", *, days: int = 30, **limits: Any) -> Iterator[int]:
    """A stock archive by TLS, which wants to see a certificate of an authority; its port."""
    shown = authority.certificate(who, days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.path, shown.key)
    context.load_verify_locations(trusted)
    context.verify_mode = ssl.CERT_REQUIRED
    for name, value in limits.items():
        setattr(context, name, value)
    ae = AE("STANDIN")
    ae.supported_contexts = [verification_context()]
    server = ae.start_server(("127.0.0.1", 0), block=False, ssl_context=context)
    assert server is not None
    assert server.socket is not None
    yield int(server.socket.getsockname()[1])
    server.shutdown()


def _by_tls(port: int, authority: Authority, **values: Any) -> Destination:
    ours = authority.certificate("opportune")
    tls = {"port": 0, "certificate": ours.path, "key": ours.key, "ca": authority.path} | values
    destination = destination_at(port).model_copy(update={"use_tls": True})
    destination.secured_by(Tls(**tls))
    return destination


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_certificates(authority: Authority, stranger: Authority, version: ssl.TLSVersion) -> None:
    stranger.certificate("pacs")
    with _archive(authority, authority.path, maximum_version=version) as port:
        assert _ask(_by_tls(port, authority)) is None
        assert _ask(_by_tls(port, authority, ca=stranger.path)) is Fault.TLS_BY_US
        assert _ask(_by_tls(port, authority, key=authority.certificate("ct1").key)) is Fault.OWN_CERTIFICATE
        named = _by_tls(port, authority).model_copy(update={"certificates": ("CN=other",)})
        assert _ask(named) is Fault.TLS_BY_US
    with _archive(authority, stranger.path, maximum_version=version) as port:
        assert _ask(_by_tls(port, authority)) is Fault.TLS_BY_THEM
    with _archive(authority, authority.path, "expired", days=-1) as port:
        assert _ask(_by_tls(port, authority)) is Fault.TLS_BY_US


def test_a_port_without_tls(authority: Authority, tmp_path: Path) -> None:
    with running_standin(tmp_path) as (_, port):
        assert _ask(_by_tls(port, authority)) is Fault.NO_TLS


def test_what_is_kept(tmp_path: Path) -> None:
    ports = make_ports(tmp_path / "node", destinations=(destination_at(dead_port()),))
    (destination,) = ports.settings.destinations
    kept = echoing.ask_and_keep(ports.settings, ports.sessions, destination, "jane")
    with transaction(ports.sessions, read_only=True) as s:
        assert echoes.newest(s, ["pacs"]) == {"pacs": kept}
        line = audit.newest(s)[0]
    assert (kept.ok, kept.outcome, kept.who) == (False, "connection refused", "jane")
    assert (line.actor, line.action) == ("jane", "echo")
    told = echoing.told(kept)
    assert told is not None
    assert told["advice"].startswith("The computer is there")
    assert echoing.told(None) is None


def test_no_advice_for_a_success_or_an_unknown_word() -> None:
    assert echoing.advice(echoing.SUCCESS) == echoing.advice("of another release") == ""


@pytest.mark.parametrize(("setting", "waits"), [(0.5, 0.5), (60.0, 4.0)])
def test_nobody_waits_long(setting: float, waits: float) -> None:
    timeouts = echoing.timeouts_of(DeliverySettings(acse_timeout=setting, dimse_timeout=setting))
    assert {timeouts.acse, timeouts.dimse, timeouts.network, timeouts.connect} == {waits}
