"""An association that we accept: pynetdicom's, with our socket, our messages, and an end that leaves nothing behind."""

import logging
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass

from pynetdicom import AE, evt
from pynetdicom._globals import MODE_ACCEPTOR
from pynetdicom.association import Association

from dicom_node.arrival import Arrival
from dicom_node.bounded_dimse import BoundedDimse, Stores
from dicom_node.bounded_socket import BoundedSocket
from dicom_node.command_set import CommandSet
from dicom_node.limits import Limits
from dicom_node.reception import Answer
from dicom_node.tls import certificate_names
from dicom_node.upper_layer import Checkpoint, OrderlyUpperLayer, RingingQueue, UpperLayer

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """What an association is bound by."""

    limits: Limits
    stores: Stores  #: what becomes of C-STORE requests
    on_breach: Callable[[Association, str], None]  #: told when a limit is exceeded
    swift: bool = True  #: read P-DATA ourselves; False: as pynetdicom does, should its inside be another one


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
    checkpoint
        Set when there is something for its thread to do.
    """

    def __init__(self, ae: AE, connection: socket.socket, bounds: Bounds, on_end: Callable[[], None]) -> None:
        super().__init__(ae, MODE_ACCEPTOR)
        self.certificate = certificate_names(connection) if isinstance(connection, ssl.SSLSocket) else None
        self.checkpoint = threading.Event()
        self._connection = connection
        self._bounds = bounds
        self._on_end = on_end
        self._established = threading.Event()
        self.bind(evt.EVT_ESTABLISHED, lambda _: self._established.set())
        self._messages = BoundedDimse(self, bounds.limits, self, self._send, self._breached)
        self.dimse = self._messages
        if bounds.swift:
            self.checkpoint = self._reactor_checkpoint = Checkpoint()
            self._messages.msg_queue = RingingQueue(self.checkpoint.set)
            self.dul = UpperLayer(self, self._messages.receive)
        else:
            self.dul = OrderlyUpperLayer(self)
        self.acse_timeout = ae.acse_timeout  # set again: the timers are those of the new `dul`
        self.network_timeout = ae.network_timeout
        # last, as it tells the new `dul` of the connection
        self._transport = BoundedSocket(self, connection, bounds.limits, self._breached)
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
            self._transport.release()
            self._on_end()

    def cut(self) -> None:
        """Close its connection without a word; its threads end then."""
        self.dul.kill_dul()
        self._transport.close()

    @property
    def storing(self) -> bool:
        """Whether the peer waits for us, not we for the peer."""
        return self._messages.storing

    def expect(self, association: Association, context_id: int, command_set: CommandSet) -> Arrival:
        """See Stores."""
        return self._bounds.stores.expect(association, context_id, command_set)

    def store(self, association: Association, arrival: Arrival) -> Answer:
        """See Stores. An object may be here before its association's own thread is through with accepting it."""
        self._established.wait(self._bounds.limits.pdu_seconds)
        return self._bounds.stores.store(association, arrival)

    def _send(self, pdus: bytes) -> None:
        self._transport.send(pdus)

    def _breached(self, reason: str) -> None:
        self._transport.condemn()
        self._bounds.on_breach(self, reason)
