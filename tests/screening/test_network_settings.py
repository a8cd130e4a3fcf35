from typing import Any

import pytest

from screening.settings import Node, Peer, Settings

FILES = {"certificate": "a", "key": "b", "ca": "c"}
PEER = {"ae_title": "CT1", "address": "10.0.0.1", "certificates": ["CN=ct1"]}
PACS = {"name": "pacs", "ae_title": "PACS", "address": "pacs", "port": 2762, "use_tls": True}


def test_a_destination_by_tls_has_the_nodes_certificates() -> None:
    settings = Settings.model_validate({"tls": FILES, "peers": [PEER], "destinations": [PACS, PACS | _plain()]})
    assert settings.tls.enabled
    assert settings.destinations[0].security == settings.tls
    assert settings.destinations[1].security is None


def _plain() -> dict[str, Any]:
    return {"name": "other", "use_tls": False}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"peers": [PEER]}, "peer CT1 needs TLS: set tls.certificate, tls.key and tls.ca"),
        ({"destinations": [PACS]}, "destination pacs needs TLS"),
        ({"tls": {"certificate": "a"}}, "certificate, key and ca must be set together"),
        ({"tls": FILES, "destinations": [PACS | {"commitment": "storage-commitment"}]}, "needs the destination's cert"),
        (
            {"tls": FILES, "destinations": [PACS | {"use_tls": False, "certificates": ["CN=pacs"]}]},
            "but use_tls is not",
        ),
        ({"peers": [PEER | {"certificates": ["ct1"]}]}, "must be a SHA-256 fingerprint"),
    ],
)
def test_what_does_not_fit_together_is_told(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Settings.model_validate(settings)


def test_certificates_have_one_spelling() -> None:
    peer = Peer(ae_title="CT1", address="10.0.0.1", certificates=("AB" * 32, "o=X, cn=ct1"))
    assert peer.certificates == ("sha256:" + "ab" * 32, "CN=ct1,O=X")


def test_connections_from_one_address_are_half_of_all() -> None:
    assert Node().per_address == 10
    assert Node(maximum_associations=1).per_address == 1
    assert Node(maximum_associations_per_address=3).per_address == 3
