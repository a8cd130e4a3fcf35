"""Associations by TLS, accepted and requested, with certificates that openssl makes for the test."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, evt

from benchmarks.attack_clients import VERIFICATION, connect, echo_request, echoes, read_pdu, request
from benchmarks.certificates import Authority, Certificate
from dicom_node import scu
from dicom_node.identity import Timeouts
from dicom_node.limits import Limits
from dicom_node.listener import Listener
from dicom_node.spool import Spool
from dicom_node.tls import SUITES, server_context
from screening.errors import ConfigurationError
from screening.settings import Destination, Node, Peer, Tls
from tests.dicom_node.network import QUICK, FakeLedger, wait_until

SUBJECT = "CN=ct2,O=Opportune test"


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


def _tls(authority: Authority, **values: Any) -> Tls:
    ours = authority.certificate("opportune")
    return Tls(**({"port": 0, "certificate": ours.path, "key": ours.key, "ca": authority.path} | values))


@pytest.fixture
def node(tmp_path: Path, authority: Authority, ledger: FakeLedger) -> Iterator[tuple[int, int]]:
    """Ports of a listener, without and with TLS. CT1 is known by fingerprint, CT2 by subject, PLAIN comes without."""
    listener = Listener(
        Node(bind="127.0.0.1", port=0),
        [
            Peer(ae_title="CT1", address="127.0.0.1", certificates=(authority.certificate("ct1").fingerprint,)),
            Peer(ae_title="CT2", address="127.0.0.1", certificates=(SUBJECT,)),
            Peer(ae_title="PLAIN", address="127.0.0.1"),
        ],
        [],
        Spool(tmp_path / "spool", minimum_free=0),
        ledger,
        lambda: None,
        QUICK,
        Limits(handshake_seconds=2, connections=100, associations_per_address=100),
        _tls(authority),
    )
    port = listener.start()
    assert listener.tls_port is not None
    yield port, listener.tls_port
    listener.stop()


def _client(ca: Path, certificate: Certificate | None, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca)
    context.check_hostname = False
    if certificate is not None:
        context.load_cert_chain(certificate.path, certificate.key)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def _echo(port: int, calling: str, context: ssl.SSLContext) -> tuple[bool, str | None]:
    """Whether a C-ECHO by TLS is answered, and in which version."""
    try:
        with context.wrap_socket(connect(port)) as connection:
            connection.sendall(request(calling))
            if read_pdu(connection)[0] != 0x02:
                return False, connection.version()
            connection.sendall(echo_request())
            return read_pdu(connection)[0] == 0x04, connection.version()
    except OSError:
        return False, None


@pytest.mark.parametrize(
    ("version", "name"), [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3"), (None, "TLSv1.3")]
)
@pytest.mark.parametrize(("calling", "who"), [("CT1", "ct1"), ("CT2", "ct2")])
def test_both_versions(  # noqa: PLR0917 (as many as there are)
    node: tuple[int, int], authority: Authority, version: ssl.TLSVersion | None, name: str, calling: str, who: str
) -> None:
    context = _client(authority.path, authority.certificate(who), version)
    assert _echo(node[1], calling, context) == (True, name)


def test_older_versions_are_refused(node: tuple[int, int], authority: Authority) -> None:
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context = _client(authority.path, authority.certificate("ct1"), ssl.TLSVersion.TLSv1_1)
    context.set_ciphers("ALL:@SECLEVEL=0")
    assert _echo(node[1], "CT1", context) == (False, None)


@pytest.mark.parametrize(
    ("calling", "who", "reason"),
    [
        ("CT1", "ct2", "calling AE title 'CT1' showed a certificate that is not set for it, sha256:"),
        ("PLAIN", "ct1", "calling AE title 'PLAIN' has no certificate in the settings, and came by TLS"),
        ("WHO", "ct1", "calling AE title 'WHO' is neither a peer nor a destination"),
    ],
)
def test_certificate_and_ae_title_are_bound(  # noqa: PLR0917 (as many as there are)
    node: tuple[int, int], authority: Authority, ledger: FakeLedger, calling: str, who: str, reason: str
) -> None:
    answered, version = _echo(node[1], calling, _client(authority.path, authority.certificate(who)))
    assert (answered, version) == (False, "TLSv1.3")
    wait_until(lambda: ledger.refused_associations)
    assert ledger.refused_associations[0]["reason"].startswith(reason)
    assert ledger.refused_associations[0]["calling_ae_title"] == calling


def test_no_way_down(node: tuple[int, int], ledger: FakeLedger) -> None:
    assert echoes(node[0], "PLAIN")
    assert not echoes(node[0], "CT1")
    wait_until(lambda: ledger.refused_associations)
    assert ledger.refused_associations[0]["reason"] == "calling AE title 'CT1' must come by TLS"


def test_certificates_that_are_none_of_ours(
    node: tuple[int, int], authority: Authority, stranger: Authority, ledger: FakeLedger
) -> None:
    contexts = {
        "certificate has expired": _client(authority.path, authority.certificate("expired", days=-1)),
        "unable to get local issuer certificate": _client(authority.path, stranger.certificate("ct1")),
        "peer did not return a certificate": _client(authority.path, None),
    }
    for reason, context in contexts.items():
        assert not _echo(node[1], "CT1", context)[0]
        wait_until(lambda: ledger.refused_associations)
        assert reason in ledger.refused_associations.pop()["reason"]


def test_who_speaks_no_tls_or_nothing_is_closed_and_holds_up_nobody(
    node: tuple[int, int], authority: Authority, ledger: FakeLedger
) -> None:
    context = _client(authority.path, authority.certificate("ct1"))
    silent = [connect(node[1]) for _ in range(20)]
    begun = time.monotonic()
    with connect(node[1]) as plain:
        plain.sendall(request("CT1"))
        with suppress(ConnectionError):
            while plain.recv(1000):
                pass
    assert [_echo(node[1], "CT1", context)[0] for _ in range(5)] == [True] * 5
    for connection in silent:
        connection.settimeout(20)
        assert connection.recv(1) == b""
        connection.close()
    assert time.monotonic() - begun >= 2
    wait_until(lambda: len(ledger.refused_associations) >= 2)
    assert {row["reason"].partition(" (")[0] for row in ledger.refused_associations} == {
        "TLS: wrong version number",
        "TLS: no TLS handshake in 2 s",
    }


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_stock_server_is_held_up_by_a_silent_client(authority: Authority) -> None:
    ours = authority.certificate("opportune")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ours.path, ours.key)
    ae = AE("OPPORTUNE")
    ae.network_timeout = ae.acse_timeout = 0.5
    ae.add_supported_context(VERIFICATION)
    server = ae.start_server(("127.0.0.1", 0), block=False, ssl_context=context)
    assert server is not None
    assert server.socket is not None
    port = server.socket.getsockname()[1]
    with connect(port), connect(port, seconds=2) as other, pytest.raises(TimeoutError):
        _client(authority.path, None).wrap_socket(other)
    server.shutdown()


@contextmanager
def _archive(authority: Authority, who: str) -> Iterator[int]:
    """A stock archive by TLS, which wants to see a certificate; its port."""
    shown = authority.certificate(who)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.path, shown.key)
    context.load_verify_locations(authority.path)
    context.verify_mode = ssl.CERT_REQUIRED
    ae = AE("PACS")
    ae.add_supported_context(VERIFICATION)
    heard: list[int] = []
    server = ae.start_server(
        ("127.0.0.1", 0), block=False, ssl_context=context, evt_handlers=[(evt.EVT_REQUESTED, heard.append)]
    )
    assert server is not None
    assert server.socket is not None
    yield int(server.socket.getsockname()[1])
    server.shutdown()


def _destination(port: int, tls: Tls, **values: Any) -> Destination:
    destination = Destination(name="pacs", ae_title="PACS", address="127.0.0.1", port=port, use_tls=True, **values)
    destination.secured_by(tls)
    return destination


def test_destinations_are_reached_by_tls(authority: Authority, stranger: Authority) -> None:
    timeouts = Timeouts(acse=10, dimse=10, network=10, connect=10)

    def ask(port: int, tls: Tls, **values: Any) -> str:
        result = scu.echo(_destination(port, tls, **values), "OPPORTUNE", timeouts)
        return result.detail

    with _archive(authority, "pacs") as port:
        ours, theirs = _tls(authority), authority.certificate("pacs").fingerprint
        assert ask(port, ours) == "C-ECHO answered with Success"
        assert ask(port, ours, certificates=(theirs,)) == "C-ECHO answered with Success"
        assert "its certificate is not one of the destination's" in ask(port, ours, certificates=("CN=other",))
        assert "TLS: certificate refused: " in ask(
            port, _tls(authority, ca=stranger.certificate("x") and stranger.path)
        )
        assert "tls.key" in ask(port, _tls(authority, key=authority.certificate("ct1").key))


def test_files_that_cannot_be_used_are_named(authority: Authority, tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    with pytest.raises(ConfigurationError, match=r"tls\.ca .*missing\.pem cannot be used: no such file"):
        server_context(_tls(authority, ca=missing))
    with pytest.raises(ConfigurationError, match=r"tls\.key .* cannot be used: key values mismatch"):
        server_context(_tls(authority, key=authority.certificate("ct1").key))
    with pytest.raises(ConfigurationError, match=r"tls\.certificate .*missing\.pem and"):
        server_context(_tls(authority, certificate=missing))


@pytest.mark.parametrize("profile", ["b12", "b13"])
def test_suites(authority: Authority, profile: str) -> None:
    """Those of the profile and of TLS 1.3: forward secrecy and authenticated encryption, nothing else."""
    offered = {suite["name"]: suite for suite in server_context(_tls(authority, profile=profile)).get_ciphers()}
    old = {name for name in offered if not name.startswith("TLS_")}
    assert old == set(SUITES[profile])
    assert all(suite["aead"] for suite in offered.values())


def test_threads_and_sockets_of_failed_handshakes_are_gone(node: tuple[int, int]) -> None:
    threads = threading.active_count()
    for _ in range(30):
        with connect(node[1]) as connection, suppress(ConnectionError):
            connection.sendall(b"\x16\x03\x01\x00\x05hello")
            connection.shutdown(socket.SHUT_WR)
            connection.recv(100)
    wait_until(lambda: threading.active_count() <= threads)
