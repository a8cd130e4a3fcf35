"""The TCP side of the listener: who may connect at all, and how long a socket may stay silent."""

import socket
from collections.abc import Callable
from socketserver import BaseServer
from typing import Any, cast

from pynetdicom.transport import ThreadedAssociationServer


class BoundServer(ThreadedAssociationServer):
    """pynetdicom's server, bound to known addresses.

    A connection from anywhere else is closed in the accept loop: before it costs a thread, and before a byte of it is
    read.
    """

    request_queue_size = 64  # waiting for accept(); a burst of modalities must not meet a refused connection

    def __init__(
        self, *args: Any, knows: Callable[[str], bool], on_stranger: Callable[[str], None], **kwargs: Any
    ) -> None:
        self._knows = knows
        self._on_stranger = on_stranger
        super().__init__(*args, **kwargs)

    def server_bind(self) -> None:
        """Bind; what is set on the listening socket here, its accepted sockets inherit."""
        super().server_bind()
        listening = cast("socket.socket", self.socket)
        # a response of some hundred bytes must not wait for the peer's delayed acknowledgement
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether a connection is taken."""
        if not self._knows(client_address[0]):
            self._on_stranger(client_address[0])
            return False
        # pynetdicom reads a whole PDU in blocking calls: without this a peer that stops in the middle of one holds its
        # thread for ever
        request.settimeout(self.ae.network_timeout)
        return True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: the default writes a traceback to stderr. The association log shows what became of it."""

    def shutdown(self) -> None:
        """Leave `serve_forever` and close the listening socket; associations go on until they end."""
        BaseServer.shutdown(self)
        self.server_close()
