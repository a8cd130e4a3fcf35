"""Who we are on the network, and how pynetdicom is set up for it."""

import logging
import ssl
import warnings
from dataclasses import dataclass
from importlib.metadata import version

from pydicom import config as pydicom_config
from pynetdicom import AE, _config
from pynetdicom.association import Association
from pynetdicom.transport import AddressInformation, AssociationSocket

from dicom_node.reports.uids import IMPLEMENTATION_CLASS_UID

IMPLEMENTATION_VERSION_NAME = f"OPPORTUNE_{version('opportune')}"[:16]
"""Implementation Version Name, VR SH: at most 16 characters."""

MAXIMUM_PDU_SIZE = 131072
"""Largest PDU we offer to take, bytes: DCMTK's own ceiling."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """How long we wait, in seconds."""

    acse: float = 10  #: for the answer to an association request or release
    dimse: float = 60  #: for the response to a request
    network: float = 60  #: for any sign of life on an association
    connect: float = 10  #: for the TCP connection

    def __post_init__(self) -> None:
        for name in ("acse", "dimse", "network", "connect"):
            if getattr(self, name) <= 0:
                raise ValueError(f"timeout {name} must be positive, got {getattr(self, name)}")


def prepare_pynetdicom() -> None:
    """Set pynetdicom's process-wide options, which it keeps in a module. May be called often.

    Its own log quotes what a peer sent: C-FIND identifiers with the patient's name at INFO, refused UIDs at ERROR.
    So it is silenced; what matters about an association is a row in the database. For the same reason pydicom does not
    judge values that it reads: it would print them as a warning. Nor does it warn of elements that it does not know:
    Python remembers each such warning for ever, and a peer can make up four thousand million of them.

    ENFORCE_UID_CONFORMANCE stays off on purpose: with it pynetdicom aborts the whole association at the first odd UID,
    and nothing tells which. We refuse that one object with a status and a row (`dicom_node.reception`).
    """
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = False
    _config.LOG_RESPONSE_IDENTIFIERS = False
    _config.ENFORCE_UID_CONFORMANCE = False
    _config.UNRESTRICTED_STORAGE_SERVICE = False
    _config.STORE_RECV_CHUNKED_DATASET = False
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
    pydicom_config.settings.reading_validation_mode = pydicom_config.IGNORE
    warnings.filterwarnings("ignore", module=r"pydicom\.(charset|filereader|hooks)")


class ClosingSocket(AssociationSocket):
    """pynetdicom leaves a socket open when its shutdown fails, as it does when the peer was not reached."""

    def _shutdown_socket(self) -> None:
        underlying = self.socket
        super()._shutdown_socket()
        if underlying is not None:
            underlying.close()


class _Ae(AE):
    def _create_socket(
        self, assoc: Association, address: AddressInformation, tls_args: tuple[ssl.SSLContext, str] | None
    ) -> AssociationSocket:
        created = ClosingSocket(assoc, address=address)
        if tls_args:
            created.tls_args = tls_args
        return created


def make_ae(ae_title: str, timeouts: Timeouts, maximum_pdu_size: int = MAXIMUM_PDU_SIZE) -> AE:
    """An application entity of ours."""
    prepare_pynetdicom()
    ae = _Ae(ae_title)
    ae.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    ae.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    ae.acse_timeout = timeouts.acse
    ae.dimse_timeout = timeouts.dimse
    ae.network_timeout = timeouts.network
    ae.connection_timeout = timeouts.connect
    ae.maximum_pdu_size = maximum_pdu_size
    return ae
