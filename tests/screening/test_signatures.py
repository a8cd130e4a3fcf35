import pytest

from screening.errors import ConfigurationError
from screening.settings import load
from screening.signatures import Signatures

KEY = "ed25519:" + "A" * 43 + "="


def test_signatures_need_somebody_who_is_trusted() -> None:
    with pytest.raises(ConfigurationError, match="required = true needs trusted_keys; make a key"):
        load({"OPPORTUNE_SIGNATURES__REQUIRED": "true"})
    found = load({"OPPORTUNE_SIGNATURES__REQUIRED": "true", "OPPORTUNE_SIGNATURES__TRUSTED_KEYS": f'["{KEY}"]'})
    assert found.signatures == Signatures(required=True, trusted_keys=(KEY,))


def test_a_trusted_key_is_a_key() -> None:
    with pytest.raises(ConfigurationError, match=r"signatures\.trusted_keys.*must be a public key as"):
        load({"OPPORTUNE_SIGNATURES__TRUSTED_KEYS": '["ssh-ed25519 AAAA"]'})
