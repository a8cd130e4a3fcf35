"""How much of us a peer may take: sizes, times and rates, and the bytes that are on their way."""

import threading
from dataclasses import dataclass

from screening.settings import Node


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one listener bears with. Those of a site are settings of the node."""

    associations_per_address: int = 10  #: open connections from one address
    connections: int = 28  #: open connections from everywhere
    instance_bytes: int = 2048 * 2**20  #: data set of one C-STORE request
    arriving_bytes: int = 4096 * 2**20  #: data sets that are arriving, of all associations together
    pdu_bytes: int = 131072  #: a P-DATA-TF, as we offer
    request_bytes: int = 2**20  #: an A-ASSOCIATE-RQ
    command_bytes: int = 2**16  #: a command set
    information_bytes: int = 16 * 2**20  #: a data set that stays in memory: a storage commitment report
    unanswered: int = 8  #: requests that wait for their turn; asynchronous operations are never negotiated
    pdu_seconds: float = 10  #: from the first byte of a PDU to its last
    handshake_seconds: float = 10  #: for TLS
    least_bytes_per_second: float = 4096  #: of a message under way, once it is `pdu_seconds` old
    association_seconds: float = 24 * 3600
    association_messages: int = 200_000

    @classmethod
    def of(cls, node: Node) -> "Limits":
        """The limits that the settings ask for."""
        return cls(
            associations_per_address=node.per_address,
            # some more than associations, so that who comes too late is told so by an A-ASSOCIATE-RJ
            connections=node.maximum_associations + 8,
            pdu_bytes=node.maximum_pdu_size,
            instance_bytes=node.maximum_instance_mb * 2**20,
            arriving_bytes=node.maximum_arriving_mb * 2**20,
        )


class Budget:
    """Bytes that all associations share."""

    def __init__(self, total: int) -> None:
        self._left = total
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Whether so many are left; they are the caller's then."""
        with self._lock:
            if count > self._left:
                return False
            self._left -= count
            return True

    def give_back(self, count: int) -> None:
        """End of their use."""
        with self._lock:
            self._left += count

    @property
    def left(self) -> int:
        """Bytes that can be taken."""
        return self._left


class LimitExceeded(Exception):
    """A peer asks for more than it may; the message says of what, and names no patient."""
