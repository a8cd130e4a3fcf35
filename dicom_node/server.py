"""The TCP side of the listener: who may connect at all, how often, and what a connection becomes."""

import gc
import logging
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from socketserver import BaseRequestHandler, BaseServer
from typing import Any, cast

from pynetdicom import AE, evt
from pynetdicom.events import EventHandlerType
from pynetdicom.transport import AddressInformation, ThreadedAssociationServer

from dicom_node.bounded_association import BoundedAssociation, Bounds
from dicom_node.contexts import verification_context
from dicom_node.tls import HandshakeFailed, handshake

logger = logging.getLogger(__name__)

_COLLECT_EVERY = 60  # ended associations; pynetdicom's are cycles of references


class BoundServer(ThreadedAssociationServer):
    """pynetdicom's server, bound to known addresses and to limits.

    A connection from anywhere else, and one too many from an address, is closed in the accept loop: before it costs a
    thread, and before a byte of it is read.

    Parameters
    ----------
    ae
        Ours.
    address
        Where to listen.
    handlers
        What to do at each event of an association.
    bounds
        What each association is bound by.
    knows
        Whether a connection from an address is taken.
    on_refused
        Told of an address and why a connection from it was closed.
    security
        For TLS: then every connection begins with a handshake.
    """

    request_queue_size = 64  # waiting for accept(); a burst of modalities must not meet a refused connection

    def __init__(  # noqa: PLR0917 (in the order in which they come into play)
        self,
        ae: AE,
        address: tuple[str, int],
        handlers: Sequence[EventHandlerType],
        bounds: Bounds,
        knows: Callable[[str], bool],
        on_refused: Callable[[str, str], None],
        security: ssl.SSLContext | None = None,
    ) -> None:
        self._security = security
        self._bounds = bounds
        self._knows = knows
        self._on_refused = on_refused
        self._open: Counter[str] = Counter()
        self._ended = 0
        self._counting = threading.Lock()
        super().__init__(ae, address, ae.ae_title, [], evt_handlers=list(handlers), request_handler=_Handler)

    def server_bind(self) -> None:
        """Bind; what is set on the listening socket here, its accepted sockets inherit."""
        super().server_bind()
        listening = cast("socket.socket", self.socket)
        # a response of some hundred bytes must not wait for the peer's delayed acknowledgement
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether a connection is taken; it counts until `forget` then."""
        address = client_address[0]
        refusal = self._refusal(address)
        if refusal is not None:
            self._on_refused(address, refusal)
            return False
        # until the association has it: an accepted socket waits for ever otherwise
        request.settimeout(self.ae.network_timeout)
        return True

    def process_request(self, request: Any, client_address: Any) -> None:
        """Make an association of a connection; in a thread of its own where its peer has to be waited for."""
        if self._security is None:
            self.process_request_thread(request, client_address)
        else:
            super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Make an association of a connection. A peer that makes TLS wait is waited for here, and holds up nobody."""
        try:
            if self._security is not None:
                request = handshake(request, self._security, self._bounds.limits.handshake_seconds)
            self.associate(request, client_address)
        except HandshakeFailed as exc:
            self._on_refused(client_address[0], f"TLS: {exc}")
            self.forget(client_address[0])
        except Exception as exc:  # noqa: BLE001 (one connection must not end the server)
            logger.error("connection closed: %s", type(exc).__name__)
            self.shutdown_request(request)
            self.forget(client_address[0])

    def associate(self, connection: socket.socket, client_address: Any) -> None:
        """Start the association of a connection."""
        association = BoundedAssociation(
            self.ae, connection, self._bounds, on_end=partial(self.forget, client_address[0])
        )
        association._server = self
        association.name = f"AcceptorThread@{client_address[0]}"  # pynetdicom counts its acceptors by this name
        association.acceptor.maximum_length = self.ae.maximum_pdu_size
        association.acceptor.ae_title = self.ae_title
        association.acceptor.address_info = AddressInformation.from_tuple(self.server_address)
        association.acceptor.implementation_class_uid = self.ae.implementation_class_uid
        association.acceptor.implementation_version_name = self.ae.implementation_version_name
        association.acceptor.supported_contexts = [verification_context()]  # gets its own when it is admitted
        association.requestor.address_info = AddressInformation.from_tuple(client_address)
        for event, bound in self._handlers.items():
            if isinstance(event, evt.NotificationEvent):
                for handler, arguments in cast("list[Any]", bound):
                    association.bind(event, handler, arguments)
            else:
                association.bind(event, *cast("tuple[Any, Any]", bound))
        association.start()

    def forget(self, address: str) -> None:
        """A connection from this address is closed."""
        with self._counting:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]
            self._ended += 1

    @property
    def connections(self) -> int:
        """How many are open."""
        with self._counting:
            return self._open.total()

    def service_actions(self) -> None:
        """Collect garbage now and then; refused connections make none, so that a flood of them costs nothing here."""
        if self._ended >= _COLLECT_EVERY:
            self._ended = 0
            gc.collect()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: the default writes a traceback to stderr. The association log shows what became of it."""

    def shutdown(self) -> None:
        """Leave `serve_forever` and close the listening socket; associations go on until they end."""
        BaseServer.shutdown(self)
        self.server_close()

    def _refusal(self, address: str) -> str | None:
        """Why a connection is not taken; None counts it."""
        if not self._knows(address):
            return "no peer or destination has this address; the connection was closed"
        limits = self._bounds.limits
        with self._counting:
            if self._open[address] >= limits.associations_per_address:
                return f"{limits.associations_per_address} connections from this address; one more was closed"
            if self._open.total() >= limits.connections:
                return f"{limits.connections} connections are open; one more was closed"
            self._open[address] += 1
        return None


class _Handler(BaseRequestHandler):
    """What the base class asks for; `BoundServer` makes the association itself."""
