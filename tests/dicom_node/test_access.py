"""Who may associate."""

import ipaddress
from collections.abc import Iterable

import pytest

from dicom_node.access import AccessList, Address, Admitted, Refused, parse_address, resolve
from screening.settings import Destination, Peer

PACS = Destination(name="pacs", ae_title="PACS", address="pacs.hospital", port=104)


def _addresses(texts: Iterable[str]) -> set[Address]:
    return {ipaddress.ip_address(text) for text in texts}


def _list(*peers: tuple[str, str], destinations: tuple[Destination, ...] = (PACS,)) -> AccessList:
    names = {"pacs.hospital": {"10.9.0.1", "10.9.0.2"}}
    return AccessList(
        "OPPORTUNE",
        [Peer(ae_title=ae_title, address=address) for ae_title, address in peers],
        destinations,
        resolve=lambda host: _addresses(names.get(host, ())),
    )


@pytest.mark.parametrize("calling", ["CT1", "OTHER"])
@pytest.mark.parametrize("called", ["OPPORTUNE", "OTHER"])
@pytest.mark.parametrize("address", ["10.1.2.3", "10.1.3.3"])
def test_only_all_right_passes(calling: str, called: str, address: str) -> None:
    decision = _list(("CT1", "10.1.2.0/24")).decide(calling_ae_title=calling, called_ae_title=called, address=address)
    right = (calling, called, address) == ("CT1", "OPPORTUNE", "10.1.2.3")
    assert isinstance(decision, Admitted) == right


@pytest.mark.parametrize(
    ("calling", "called", "address", "rejection", "words"),
    [
        ("CT1", "WRONG", "10.1.2.3", (1, 1, 7), "called AE title 'WRONG' is not ours"),
        ("WHO", "OPPORTUNE", "10.1.2.3", (1, 1, 3), "calling AE title 'WHO' is neither a peer nor a destination"),
        ("CT1", "OPPORTUNE", "10.1.2.4", (1, 1, 3), "calling AE title 'CT1' is bound to another address"),
        ("PACS", "OPPORTUNE", "10.1.2.3", (1, 1, 3), "calling AE title 'PACS' is bound to another address"),
    ],
)
def test_reasons(calling: str, called: str, address: str, rejection: tuple[int, int, int], words: str) -> None:
    decision = _list(("CT1", "10.1.2.3")).decide(calling_ae_title=calling, called_ae_title=called, address=address)
    assert isinstance(decision, Refused)
    assert decision.rejection == rejection
    assert words in decision.reason


def test_peer_stores_destination_reports() -> None:
    access = _list(("CT1", "10.1.2.3"), ("PACS", "10.9.0.1"))

    def decide(calling: str, address: str) -> Admitted | Refused:
        return access.decide(calling_ae_title=calling, called_ae_title="OPPORTUNE", address=address)

    assert decide("CT1", "10.1.2.3") == Admitted(may_store=True, destinations=())
    assert decide("PACS", "10.9.0.1") == Admitted(may_store=True, destinations=("pacs",))
    assert decide("PACS", "10.9.0.2") == Admitted(may_store=False, destinations=("pacs",))


def test_spaces_around_ae_titles_do_not_count() -> None:
    decision = _list(("CT1", "10.1.2.3")).decide(
        calling_ae_title="CT1   ", called_ae_title=" OPPORTUNE ", address="10.1.2.3"
    )
    assert isinstance(decision, Admitted)


@pytest.mark.parametrize(
    ("address", "known"),
    [("10.1.2.200", True), ("::ffff:10.1.2.3", True), ("10.9.0.2", True), ("10.1.3.1", False), ("::1", False)],
)
def test_known_addresses(address: str, known: bool) -> None:
    assert _list(("CT1", "10.1.2.0/24")).knows(address) == known


def test_networks_of_both_versions_live_side_by_side() -> None:
    access = _list(("CT1", "10.1.2.0/24"), ("CT2", "fd00::/8"))
    assert access.knows("fd00::1")
    assert access.knows("fd00::1%eth0")
    assert not access.knows("fe80::1")


def test_a_name_service_that_is_down_changes_nothing() -> None:
    answers = [_addresses(["10.9.0.1"]), set(), _addresses(["10.9.0.7"])]
    access = AccessList("OPPORTUNE", (), [PACS], resolve=lambda _: answers.pop(0))
    assert access.knows("10.9.0.1")
    access.refresh()
    assert access.knows("10.9.0.1")
    access.refresh()
    assert access.knows("10.9.0.7")
    assert not access.knows("10.9.0.1")


def test_nobody_is_known_without_peers() -> None:
    assert not _list(destinations=()).knows("127.0.0.1")


def test_resolve() -> None:
    assert ipaddress.ip_address("127.0.0.1") in resolve("localhost")
    assert resolve("10.1.2.3") == _addresses(["10.1.2.3"])
    assert resolve("does-not-exist.invalid") == set()


def test_mapped_addresses_are_plain_ones() -> None:
    assert parse_address("::ffff:127.0.0.1") == ipaddress.ip_address("127.0.0.1")
