"""The listener: C-ECHO, C-STORE and storage commitment reports from those who may send them."""

import logging
import ssl
import threading
import time
from collections.abc import Callable, Sequence

from dicom_node.access import AccessList
from dicom_node.association_log import AssociationLog, Party
from dicom_node.bounded_association import BoundedAssociation, Bounds
from dicom_node.gate import Gate
from dicom_node.handlers import Handlers
from dicom_node.identity import Timeouts, make_ae
from dicom_node.ledger import Ledger
from dicom_node.limits import Budget, Limits
from dicom_node.reception import Reception
from dicom_node.registrar import Registrar
from dicom_node.server import BoundServer
from dicom_node.spool import Spool
from dicom_node.tls import server_context
from dicom_node.upper_layer import missing_internals
from screening.settings import Destination, Node, Peer, Tls

logger = logging.getLogger(__name__)

TIMEOUTS = Timeouts(acse=10, dimse=30, network=30)

STOP_SECONDS = 3
"""How long an association may take to end with an A-ABORT when we stop; its connection is closed then."""

LOOK_UP_SECONDS = 60
"""How often the host names of destinations are looked up again."""

GATE_SECONDS = 2
"""How often it is looked up whether intake is paused."""


class Listener:
    """A Storage and Verification SCP, and a Storage Commitment SCU that takes reports.

    One listener writes to one ledger: at its start it closes the associations that an earlier one left open.

    Parameters
    ----------
    node
        Who we are.
    peers
        Who may send objects.
    destinations
        Who may report on storage commitment.
    spool
        Where objects go.
    ledger
        Where it is written what came.
    on_stored
        Called after each reception; must be quick.
    timeouts
        How long a silent peer is borne with.
    limits
        What else is borne with; by default what the node's settings ask for.
    tls
        Our certificates, and the second port that is for TLS alone.
    """

    def __init__(  # noqa: PLR0917 (the interface; in the order in which they come into play)
        self,
        node: Node,
        peers: Sequence[Peer],
        destinations: Sequence[Destination],
        spool: Spool,
        ledger: Ledger,
        on_stored: Callable[[], None],
        timeouts: Timeouts = TIMEOUTS,
        limits: Limits | None = None,
        tls: Tls | None = None,
    ) -> None:
        self._node = node
        self._access = AccessList(node.ae_title, peers, destinations)
        self._ledger = ledger
        self._registrar = Registrar(ledger.write)
        self._log = AssociationLog(ledger, self._registrar)
        self._limits = limits or Limits.of(node)
        self._gate = Gate(spool, ledger.intake_paused)
        reception = Reception(self._gate, ledger, self._registrar, on_stored, Budget(self._limits.arriving_bytes))
        self._handlers = Handlers(self._access, self._log, reception, ledger)
        self._ae = make_ae(node.ae_title, timeouts, node.maximum_pdu_size)
        self._ae.maximum_associations = node.maximum_associations
        self._tls = tls if tls is not None and tls.enabled else None
        self._servers: list[BoundServer] = []
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> int:
        """Listen; the port for associations without TLS.

        Raises
        ------
        ConfigurationError
            If the certificates cannot be used.
        DatabaseUnavailable
            If the ledger cannot be written.
        OSError
            If a port is taken.
        """
        for name in missing_internals():
            logger.warning("this pynetdicom has no %s: objects are received the slow way", name)
        security = server_context(self._tls) if self._tls is not None else None
        servers: list[BoundServer] = []
        try:
            servers.append(self._bound(self._node.port, None))
            if self._tls is not None:
                servers.append(self._bound(self._tls.port, security))
            # only now that the ports are ours: a second listener, started by mistake, must not close the first one's
            stale = self._ledger.close_stale()
            self._gate.look()  # a pause outlasts a restart: no object may slip in
        except BaseException:
            for server in servers:
                server.server_close()
            raise
        if stale:
            logger.warning("%d associations of an earlier listener closed", stale)
        self._servers = servers
        self._registrar.start()
        self._log.start()
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.1,), name="listener", daemon=True)
            for server in servers
        ]
        self._threads.append(threading.Thread(target=self._look_up_names, name="listener-names", daemon=True))
        self._threads.append(threading.Thread(target=self._watch_gate, name="listener-gate", daemon=True))
        for thread in self._threads:
            thread.start()
        return int(servers[0].server_address[1])

    @property
    def tls_port(self) -> int | None:
        """The port for associations by TLS, while there is one."""
        return int(self._servers[1].server_address[1]) if len(self._servers) > 1 else None

    def stop(self) -> None:
        """Take no more associations, end those that are open, write their ends."""
        self._stopping.set()
        if not self._servers:
            return
        for server in self._servers:
            server.shutdown()
        associations = [each for server in self._servers for each in server.active_associations]
        for association in associations:
            # one that stalls in the middle of a PDU hears nothing until its time is over: it must not keep the others
            threading.Thread(target=association.abort, name="listener-abort", daemon=True).start()
        deadline = time.monotonic() + STOP_SECONDS
        for association in associations:
            association.join(max(0.0, deadline - time.monotonic()))
            if association.is_alive() and isinstance(association, BoundedAssociation):
                association.cut()
                association.join(STOP_SECONDS)
        for thread in self._threads:
            thread.join(5)
        self._log.stop()
        self._registrar.stop()
        self._servers = []

    def _bound(self, port: int, security: ssl.SSLContext | None) -> BoundServer:
        return BoundServer(
            self._ae,
            (self._node.bind, port),
            self._handlers.bound(),
            Bounds(
                limits=self._limits,
                stores=self._handlers,
                on_breach=self._handlers.on_breach,
                swift=not missing_internals(),
            ),
            knows=self._access.knows,
            on_refused=self._on_refused,
            security=security,
        )

    def _on_refused(self, address: str, reason: str) -> None:
        """A connection that was closed unread; what AE title it would have named is not known."""
        self._log.refused(Party(calling_ae_title="", called_ae_title="", address=address), reason)

    def _watch_gate(self) -> None:
        self._gate.keep_looking(self._stopping.wait, GATE_SECONDS)

    def _look_up_names(self) -> None:
        while not self._stopping.wait(LOOK_UP_SECONDS):
            self._access.refresh()
