"""TLS with certificates on both sides, for associations that we accept and that we request (PS3.15 B.12, B.13)."""

import select
import socket
import ssl
import time

from screening.certificates import fingerprint, subject
from screening.errors import ConfigurationError
from screening.settings import Tls

_GCM = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
)
SUITES = {
    "b12": _GCM,
    "b13": (
        *_GCM,
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES256-CCM",
        "ECDHE-ECDSA-AES256-CCM8",
        "ECDHE-ECDSA-AES128-CCM",
        "ECDHE-ECDSA-AES128-CCM8",
    ),
}
"""Cipher suites of TLS 1.2 by profile, best first, as OpenSSL names them; RFC 9325 4.2 recommends the first four. Those
of TLS 1.3 are OpenSSL's."""


class HandshakeFailed(Exception):
    """There is no secure connection; the message says why, for an admin."""


def server_context(tls: Tls) -> ssl.SSLContext:
    """For associations that we accept: everybody shows a certificate of our authority.

    Raises
    ------
    ConfigurationError
        Names the file that cannot be used.
    """
    context = _context(ssl.PROTOCOL_TLS_SERVER, tls)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(tls: Tls, *, pinned: bool) -> ssl.SSLContext:
    """For associations that we request; raises as `server_context` does.

    pinned: the certificate is compared with the settings, so the host's name need not be in it.
    """
    context = _context(ssl.PROTOCOL_TLS_CLIENT, tls)
    context.check_hostname = not pinned
    return context


def handshake(connection: socket.socket, context: ssl.SSLContext, seconds: float) -> ssl.SSLSocket:
    """Make an accepted connection secure, in so many seconds as a whole.

    Raises
    ------
    HandshakeFailed
        Says why. The connection is closed.
    """
    deadline = time.monotonic() + seconds
    connection.settimeout(0)
    secure = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
    try:
        while True:
            try:
                secure.do_handshake()
                break
            except ssl.SSLWantReadError:
                _wait(secure, deadline, seconds)
            except ssl.SSLWantWriteError:
                _wait(secure, deadline, seconds, writable=True)
    except HandshakeFailed:
        secure.close()
        raise
    except (OSError, ValueError) as exc:
        secure.close()
        raise HandshakeFailed(explain(exc)) from exc
    return secure


def certificate_names(connection: ssl.SSLSocket) -> frozenset[str]:
    """How the settings may name the certificate that the other side showed."""
    encoded, decoded = connection.getpeercert(binary_form=True), connection.getpeercert()
    if not encoded or not decoded:
        return frozenset()
    attributes = [(str(pair[0]), str(pair[1])) for rdn in decoded["subject"] for pair in rdn]
    return frozenset({fingerprint(encoded), subject(attributes)})


def explain(exc: Exception) -> str:
    """Why there is no TLS, without what the other side wrote."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"certificate refused: {exc.verify_message}"
    if isinstance(exc, ssl.SSLError) and exc.reason:
        return exc.reason.lower().replace("_", " ")
    if isinstance(exc, OSError) and exc.strerror:
        return exc.strerror.lower()
    return type(exc).__name__


def _context(protocol: int, tls: Tls) -> ssl.SSLContext:
    if tls.certificate is None or tls.key is None or tls.ca is None:
        raise ConfigurationError("TLS needs tls.certificate, tls.key and tls.ca")
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers(":".join(SUITES[tls.profile]))
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=_no_passphrase)
    except (OSError, ValueError) as exc:
        raise ConfigurationError(
            f"tls.certificate {tls.certificate} and tls.key {tls.key} cannot be used: {explain(exc)}"
        ) from None
    try:
        context.load_verify_locations(tls.ca)
    except OSError as exc:
        raise ConfigurationError(f"tls.ca {tls.ca} cannot be used: {explain(exc)}") from None
    return context


def _no_passphrase() -> str:
    """OpenSSL would ask at the terminal."""
    raise ValueError("the key has a passphrase")


def _wait(connection: socket.socket, deadline: float, seconds: float, *, writable: bool = False) -> None:
    """Until it can go on."""
    left = deadline - time.monotonic()
    watched = [connection]
    ready = left > 0 and any(select.select([] if writable else watched, watched if writable else [], [], left)[:2])
    if not ready:
        raise HandshakeFailed(f"no TLS handshake in {seconds:g} s")
