"""An association that we accept: pynetdicom's, with our socket, our messages, and an end that leaves nothing behind."""

import logging
import queue
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from pynetdicom import AE
from pynetdicom._globals import MODE_ACCEPTOR
from pynetdicom.association import Association
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dul import DULServiceProvider

from dicom_node.arrival import Arrival
from dicom_node.bounded_dimse import BoundedDimse
from dicom_node.bounded_socket import BoundedSocket
from dicom_node.limits import Limits
from dicom_node.tls import certificate_names

logger = logging.getLogger(__name__)

_ABORT = bytes([0x07, 0, 0, 0, 0, 4, 0, 0, 2, 0])  # A-ABORT by the service provider, no reason given (PS3.8 9.3.8)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """What an association is bound by."""

    limits: Limits
    expect: Callable[[Association, C_STORE_RQ], Arrival]  #: where the data set of a C-STORE request goes
    on_breach: Callable[[Association, str], None]  #: told when a limit is exceeded


class BoundedAssociation(Association):
    """The acceptor of one association.

    Parameters
    ----------
    ae
        Ours.
    connection
        The accepted socket.
    bounds
        What it is bound by.
    on_end
        Called when its threads have ended and its connection is closed.

    Attributes
    ----------
    certificate
        The names of the certificate that its peer showed; None without TLS.
    """

    def __init__(self, ae: AE, connection: socket.socket, bounds: Bounds, on_end: Callable[[], None]) -> None:
        super().__init__(ae, MODE_ACCEPTOR)
        self.certificate = certificate_names(connection) if isinstance(connection, ssl.SSLSocket) else None
        self._connection = connection
        self._bounds = bounds
        self._on_end = on_end
        self.dul = _Dul(self)
        self.acse_timeout = ae.acse_timeout  # set again: the timers are those of the new `dul`
        self.network_timeout = ae.network_timeout
        self._messages = BoundedDimse(self, bounds.limits, bounds.expect, self._breached)
        self._transport = BoundedSocket(self, connection, bounds.limits, self._breached)
        self.dimse = self._messages
        self.set_socket(self._transport)

    def run(self) -> None:
        """Serve the association to its end."""
        try:
            super().run()
        except Exception as exc:  # noqa: BLE001 (whatever a peer makes up)
            logger.error("association ended: %s", type(exc).__name__)
        finally:
            self.cut()
            self._connection.close()
            if self.dul.ident is not None:
                self.dul.join(self._bounds.limits.pdu_seconds)
            self._messages.release()
            self._on_end()

    def cut(self) -> None:
        """Close its connection without a word; its threads end then."""
        self.dul.kill_dul()
        self._transport.close()

    def _breached(self, reason: str) -> None:
        self._transport.condemn()
        self._bounds.on_breach(self, reason)


class _Dul(DULServiceProvider):
    """pynetdicom's upper layer, which ends in order whatever comes."""

    def run(self) -> None:
        try:
            super().run()
        except Exception as exc:  # noqa: BLE001 (whatever a peer makes up)
            logger.warning("association aborted: %s", type(exc).__name__)
            if self.socket is not None:
                self.socket.send(_ABORT)
                self.socket.close()
        finally:
            if self.assoc.requestor.primitive is None:
                # the association's thread waits for a request that will not come
                cast("queue.Queue[object]", self.to_user_queue).put(None)
