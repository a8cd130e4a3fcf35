"""Who may associate with us: AE title and address, bound together. Everybody else is refused, with a reason."""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from screening.settings import Destination, Peer

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# A-ASSOCIATE-RJ (PS3.8 9.3.4): source 1 is the service user, result 1 is permanent
CALLING_AE_TITLE_NOT_RECOGNISED = (1, 1, 3)
CALLED_AE_TITLE_NOT_RECOGNISED = (1, 1, 7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """An association that may go on, and what it may do."""

    may_store: bool  #: it is a peer
    destinations: tuple[str, ...]  #: names of the destinations that it is, which may report on storage commitment


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """An association that is refused."""

    reason: str  #: for an admin
    rejection: tuple[int, int, int]  #: result, source, reason of the A-ASSOCIATE-RJ


def resolve(host: str) -> set[Address]:
    """Addresses of a host name or IP address; empty when it is unknown now."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {parse_address(str(entry[4][0])) for entry in found}


def parse_address(text: str) -> Address:
    """An IP address; IPv4 addresses mapped into IPv6 come back as IPv4, and a scope is dropped."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


class AccessList:
    """The peers and destinations of this node.

    A destination's address may be a host name: `refresh` looks it up, and keeps the last known addresses when the name
    service does not answer.
    """

    def __init__(
        self,
        ae_title: str,
        peers: Sequence[Peer],
        destinations: Sequence[Destination],
        resolve: Callable[[str], set[Address]] = resolve,
    ) -> None:
        self._ae_title = ae_title
        self._peers = [(peer.ae_title, ipaddress.ip_network(peer.address)) for peer in peers]
        self._destinations = tuple(destinations)
        self._resolve = resolve
        self._resolved: dict[str, set[Address]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Look up the destinations' host names again."""
        known = dict(self._resolved)
        for destination in self._destinations:
            known[destination.address] = self._resolve(destination.address) or known.get(destination.address, set())
        self._resolved = known

    def knows(self, address: str) -> bool:
        """Whether any peer or destination is at this address."""
        place = parse_address(address)
        return any(place in network for _, network in self._peers) or any(
            place in places for places in self._resolved.values()
        )

    def decide(self, *, calling_ae_title: str, called_ae_title: str, address: str) -> Admitted | Refused:
        """Whether this association may go on."""
        calling, called, place = calling_ae_title.strip(), called_ae_title.strip(), parse_address(address)
        if called != self._ae_title:
            return Refused(
                reason=f"called AE title {called!r} is not ours, {self._ae_title!r}",
                rejection=CALLED_AE_TITLE_NOT_RECOGNISED,
            )
        networks = [network for ae_title, network in self._peers if ae_title == calling]
        destinations = [destination for destination in self._destinations if destination.ae_title == calling]
        admitted = Admitted(
            may_store=any(place in network for network in networks),
            destinations=tuple(d.name for d in destinations if place in self._resolved[d.address]),
        )
        if admitted.may_store or admitted.destinations:
            return admitted
        if networks or destinations:
            reason = f"calling AE title {calling!r} is bound to another address than {place}"
        else:
            reason = f"calling AE title {calling!r} is neither a peer nor a destination"
        return Refused(reason=reason, rejection=CALLING_AE_TITLE_NOT_RECOGNISED)
