"""The listener: C-ECHO, C-STORE and storage commitment reports from those who may send them."""

import logging
import threading
from collections.abc import Callable, Sequence

from dicom_node.access import AccessList
from dicom_node.association_log import AssociationLog, Party
from dicom_node.bounded_association import Bounds
from dicom_node.handlers import Handlers
from dicom_node.identity import Timeouts, make_ae
from dicom_node.ledger import Ledger
from dicom_node.limits import Budget, Limits
from dicom_node.reception import Reception
from dicom_node.server import BoundServer
from dicom_node.spool import Spool
from screening.settings import Destination, Node, Peer

logger = logging.getLogger(__name__)

TIMEOUTS = Timeouts(acse=10, dimse=30, network=30)

LOOK_UP_SECONDS = 60
"""How often the host names of destinations are looked up again."""


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
    ) -> None:
        self._node = node
        self._access = AccessList(node.ae_title, peers, destinations)
        self._ledger = ledger
        self._log = AssociationLog(ledger)
        self._limits = limits or Limits.of(node)
        reception = Reception(spool, ledger, on_stored, Budget(self._limits.arriving_bytes))
        self._handlers = Handlers(self._access, self._log, reception, ledger)
        self._ae = make_ae(node.ae_title, timeouts, node.maximum_pdu_size)
        self._ae.maximum_associations = node.maximum_associations
        self._server: BoundServer | None = None
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> int:
        """Listen; the port.

        Raises
        ------
        DatabaseUnavailable
            If the ledger cannot be written.
        OSError
            If the port is taken.
        """
        server = BoundServer(
            self._ae,
            (self._node.bind, self._node.port),
            self._handlers.bound(),
            Bounds(limits=self._limits, expect=self._handlers.expect, on_breach=self._handlers.on_breach),
            knows=self._access.knows,
            on_refused=self._on_refused,
        )
        try:
            # only now that the port is ours: a second listener, started by mistake, must not close the first one's
            stale = self._ledger.close_stale()
        except BaseException:
            server.server_close()
            raise
        if stale:
            logger.warning("%d associations of an earlier listener closed", stale)
        self._server = server
        self._log.start()
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.1,), name="listener", daemon=True),
            threading.Thread(target=self._look_up_names, name="listener-names", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        return int(server.server_address[1])

    def stop(self) -> None:
        """Take no more associations, end those that are open, write their ends."""
        self._stopping.set()
        if self._server is None:
            return
        self._server.shutdown()
        for association in self._server.active_associations:
            association.abort()
            association.join(5)
        for thread in self._threads:
            thread.join(5)
        self._log.stop()
        self._server = None

    def _on_refused(self, address: str, reason: str) -> None:
        """A connection that was closed unread; what AE title it would have named is not known."""
        self._log.refused(Party(calling_ae_title="", called_ae_title="", address=address), reason)

    def _look_up_names(self) -> None:
        while not self._stopping.wait(LOOK_UP_SECONDS):
            self._access.refresh()
