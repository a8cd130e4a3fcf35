"""Audit messages as syslog."""

import re
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dicom_node.audit import syslog
from dicom_node.audit.syslog import Repository, record_of
from screening.errors import DestinationUnavailable
from tests.conftest import require_program
from tests.dicom_node.audit.repository import Taken, make_certificates, running_repository
from tests.dicom_node.network import dead_port, wait_until

AT = datetime(2026, 3, 2, 10, 0, 0, 250_000, tzinfo=UTC)
RECORDS = [record_of(f'<AuditMessage n="{number}"/>', AT) for number in range(3)]


def _repository(transport: Any, port: int, **more: Any) -> Repository:
    return Repository(transport=transport, host="127.0.0.1", port=port, **more)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    require_program("openssl")
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def _came(taken: Taken) -> None:
    wait_until(lambda: len(taken) >= len(RECORDS))
    assert taken == RECORDS


@pytest.mark.parametrize(("outcome", "priority"), [("0", 85), ("4", 84), ("8", 84)])
def test_a_record(outcome: str, priority: int) -> None:
    """RFC 5424: PRI of facility 10, version 1, moment, host, program, process, MSGID, no structured data, BOM, XML."""
    message = f'<AuditMessage EventOutcomeIndicator="{outcome}">\u00e4</AuditMessage>'
    head, _, body = record_of(message, AT).partition(b"\xef\xbb\xbf")
    assert body.decode() == message
    pattern = rf"<{priority}>1 2026-03-02T10:00:00\.250Z [!-~]+ opportune \d+ DICOM\+RFC3881 - "
    assert re.fullmatch(pattern, head.decode("ascii"))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_records_arrive_in_order(transport: str) -> None:
    with running_repository(transport) as taken:
        _repository(transport, taken.port).send(RECORDS)
        _came(taken)


def test_a_record_of_more_than_32768_octets_arrives_whole() -> None:
    long = record_of(f"<AuditMessage>{'x' * 40_000}</AuditMessage>", AT)
    with running_repository("udp") as by_udp, running_repository("tcp") as by_tcp:
        _repository("udp", by_udp.port).send([long])
        _repository("tcp", by_tcp.port).send([long])
        wait_until(lambda: by_udp == by_tcp == [long])


def test_over_tls_with_certificates_of_both_sides(certificates: tuple[Path, Path, Path]) -> None:
    authority, certificate, key = certificates
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate, key)
    with running_repository("tls", context) as taken:
        _repository("tls", taken.port, authority=authority, certificate=certificate, key=key).send(RECORDS)
        _came(taken)


def test_a_repository_of_another_authority_gets_nothing(certificates: tuple[Path, Path, Path], tmp_path: Path) -> None:
    _, certificate, key = certificates
    other, _, _ = make_certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    with running_repository("tls", context) as taken:
        with pytest.raises(DestinationUnavailable, match=r"tls://127\.0\.0\.1:\d+ does not take messages: TLS: CERT"):
            _repository("tls", taken.port, authority=other).send(RECORDS)
        assert taken == []


def test_a_repository_that_wants_a_certificate_gets_nothing_without(
    certificates: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With TLS 1.3 it says so after the handshake, when the records are on their way."""
    monkeypatch.setattr(syslog, "_UNTIL_CLOSED", 30)  # at most: it is over when the repository ends the connection
    authority, certificate, key = certificates
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate, key)
    with running_repository("tls", context) as taken:
        with pytest.raises(DestinationUnavailable, match="does not take messages"):
            _repository("tls", taken.port, authority=authority).send(RECORDS)
        assert taken == []


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_a_repository_that_is_away_is_named(transport: str) -> None:
    with pytest.raises(DestinationUnavailable, match=rf"{transport}://.* does not take messages: Connection refused"):
        _repository(transport, dead_port()).send(RECORDS)


def test_a_repository_that_breaks_off_did_not_take_the_batch() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        repository = _repository("tcp", server.getsockname()[1])

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            connection.recv(10)
            connection.close()  # with data unread, and no lingering: a reset

        import threading

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(DestinationUnavailable, match="does not take messages"):
            repository.send(RECORDS)
        thread.join(10)


def test_a_host_that_nobody_knows_is_named() -> None:
    with pytest.raises(DestinationUnavailable, match=r"audit\.invalid:6514 does not take messages"):
        Repository(transport="udp", host="audit.invalid", port=6514).send(RECORDS)
