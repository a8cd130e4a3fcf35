"""What can be wrong between us and a destination, told apart as far as the network shows it, and what to do then."""

import socket
import ssl
from enum import StrEnum

from pynetdicom.pdu_primitives import A_ASSOCIATE

from dicom_node.tls import explain

TRANSIENT = 2  # result of A-ASSOCIATE-RJ, PS3.8 table 9-21
SERVICE_USER = 1  # source
CALLING_AE_TITLE, CALLED_AE_TITLE = 3, 7  # reasons of the service user


class Fault(StrEnum):
    """What is wrong. The values are kept in the database."""

    NAME = "name not resolved"
    REFUSED = "connection refused"
    TIMED_OUT = "connection timed out"
    UNREACHABLE = "not reachable"
    OWN_CERTIFICATE = "own certificate unusable"
    TLS_BY_US = "TLS refused by us"
    TLS_BY_THEM = "TLS refused by them"
    NO_TLS = "no TLS handshake"
    CALLED = "called AE title not recognised"
    CALLING = "calling AE title not recognised"
    BUSY = "rejected for now"
    REJECTED = "rejected"
    ABORTED = "aborted"
    HUNG_UP = "closed the connection"
    SILENT = "no answer"
    CONTEXT = "not accepted"
    STATUS = "answered with a failure"


ADVICE: dict[Fault, str] = {
    Fault.NAME: "Nobody knows this host name here. Check destinations.address and this computer's DNS, or set an IP"
    " address.",
    Fault.REFUSED: "The computer is there, but no program listens on this port. Check destinations.port, and whether"
    " the archive's DICOM service runs.",
    Fault.TIMED_OUT: "Nothing came back. Check the address, whether the computer is on, and the firewalls between.",
    Fault.UNREACHABLE: "There is no way to this address. Check the address, and this computer's network and routes.",
    Fault.OWN_CERTIFICATE: "Our own certificate or key cannot be used. Check [tls]; the command opportune doctor says"
    " more.",
    Fault.TLS_BY_US: "We do not trust the certificate that it shows. Is it signed by tls.ca, not expired, and made for"
    " destinations.address, or named in destinations.certificates?",
    Fault.TLS_BY_THEM: "It does not trust our certificate. Have the authority of tls.certificate, or the certificate"
    " itself, entered there, and check that it has not expired.",
    Fault.NO_TLS: "This port does not seem to speak TLS. Check destinations.port: archives have another one for TLS.",
    Fault.CALLED: "It does not have the AE title that we call. Check destinations.ae_title, capitals too.",
    Fault.CALLING: "It does not know us. Have our AE title (node.ae_title), address and port entered there; the"
    " command opportune node sheet prints them.",
    Fault.BUSY: "It takes no more associations at present. Try again; if it stays so, ask for its limit.",
    Fault.REJECTED: "It does not want this association. Its log says why; check AE titles and address there.",
    Fault.ABORTED: "It ended the association by itself. Its log says why; often it does not know us.",
    Fault.HUNG_UP: "It took the connection and closed it without a word. Is this a DICOM port, without TLS if use_tls"
    " is not set? Some archives treat unknown addresses so.",
    Fault.SILENT: "It took the connection and said nothing. Is this a DICOM port? Perhaps its service hangs:"
    " restart it.",
    Fault.CONTEXT: "It took the association, but not what we asked for. Have Verification (C-ECHO) allowed for us"
    " there; sending may work all the same.",
    Fault.STATUS: "It understood, and answered with a failure. Its log says why.",
}
"""What to do, for an administrator."""


def of_rejection(answer: A_ASSOCIATE) -> Fault:
    """What an A-ASSOCIATE-RJ says (PS3.8 9.3.4)."""
    if answer.result_source == SERVICE_USER and answer.diagnostic == CALLED_AE_TITLE:
        return Fault.CALLED
    if answer.result_source == SERVICE_USER and answer.diagnostic == CALLING_AE_TITLE:
        return Fault.CALLING
    return Fault.BUSY if answer.result == TRANSIENT else Fault.REJECTED


def of_connecting(exc: OSError) -> tuple[Fault, str]:
    """Why there is no TCP connection, and how to say it."""
    said = (exc.strerror or type(exc).__name__).lower()
    if isinstance(exc, socket.gaierror):
        return Fault.NAME, said
    if isinstance(exc, TimeoutError):
        return Fault.TIMED_OUT, "connection timed out"
    return (Fault.REFUSED if isinstance(exc, ConnectionRefusedError) else Fault.UNREACHABLE), said


def of_handshake(exc: OSError) -> tuple[Fault, str]:
    """Why there is no TLS on a connection, and how to say it."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return Fault.TLS_BY_US, f"TLS: {explain(exc)}"
    if isinstance(exc, TimeoutError):
        return Fault.NO_TLS, "no TLS handshake in time"
    if isinstance(exc, ssl.SSLError) and "ALERT" in (exc.reason or ""):
        return Fault.TLS_BY_THEM, f"TLS: {explain(exc)}"
    return Fault.NO_TLS, f"TLS: {explain(exc)}"
