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
        self._peers = [(peer, ipaddress.ip_network(peer.address)) for peer in peers]
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

    def decide(
        self, *, calling_ae_title: str, called_ae_title: str, address: str, certificate: frozenset[str] | None = None
    ) -> Admitted | Refused:
        """Whether this association may go on.

        certificate: the names of the certificate that came with it (`dicom_node.tls`); None without TLS.
        """
        calling, called, place = calling_ae_title.strip(), called_ae_title.strip(), parse_address(address)
        if called != self._ae_title:
            return Refused(
                reason=f"called AE title {called!r} is not ours, {self._ae_title!r}",
                rejection=CALLED_AE_TITLE_NOT_RECOGNISED,
            )
        named = [(peer, place in network) for peer, network in self._peers if peer.ae_title == calling]
        reporting = [(d, place in self._resolved[d.address]) for d in self._destinations if d.ae_title == calling]
        here: list[Peer | Destination] = [peer for peer, is_here in named if is_here]
        here += [destination for destination, is_here in reporting if is_here]
        admitted = Admitted(
            may_store=any(is_here and _proven(peer, certificate) for peer, is_here in named),
            destinations=tuple(d.name for d, is_here in reporting if is_here and _proven(d, certificate)),
        )
        if admitted.may_store or admitted.destinations:
            return admitted
        if here:
            reason = f"calling AE title {calling!r} {_unproven(here, certificate)}"
        elif named or reporting:
            reason = f"calling AE title {calling!r} is bound to another address than {place}"
        else:
            reason = f"calling AE title {calling!r} is neither a peer nor a destination"
        return Refused(reason=reason, rejection=CALLING_AE_TITLE_NOT_RECOGNISED)


def _proven(item: Peer | Destination, certificate: frozenset[str] | None) -> bool:
    """With certificates set, one of them; without, no TLS: there is no way down from it, and no half of it."""
    if certificate is None:
        return not item.certificates and not _is_secure(item)
    return not certificate.isdisjoint(item.certificates)


def _is_secure(item: Peer | Destination) -> bool:
    return isinstance(item, Destination) and item.use_tls


def _unproven(items: Sequence[Peer | Destination], certificate: frozenset[str] | None) -> str:
    if certificate is None:
        return "must come by TLS"
    if not any(item.certificates for item in items):
        return "has no certificate in the settings, and came by TLS"
    shown = next((name for name in sorted(certificate) if name.startswith("sha256:")), "none")
    return f"showed a certificate that is not set for it, {shown}"
