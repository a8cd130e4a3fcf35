"""Keys and signing, as an operator does it: key, sign, trust."""

import shutil
import stat
from pathlib import Path

import pytest

from models import registry
from screening import manifest
from screening.errors import BundleRefused, WeightsMismatch
from screening.settings import ModelSettings
from screening.signatures import Signatures
from tests.worker.ports import MODEL
from worker.signing import make_key, sign_bundle


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return shutil.copytree(registry.bundle(MODEL), tmp_path / "own")


def test_a_signed_bundle_is_good_until_a_file_of_it_is_changed(own: Path, tmp_path: Path) -> None:
    trusted = make_key(tmp_path / "key")
    card, signer = sign_bundle(own, tmp_path / "key")
    assert (card.name, signer) == (MODEL, trusted)
    section, trust = ModelSettings(bundle=own), Signatures(required=True, trusted_keys=(trusted,))
    registry.require_untampered(MODEL, section, trust)
    weights = own / "models" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(WeightsMismatch, match=r"models/model\.safetensors in .* was changed"):
        registry.load(MODEL, device="cpu", settings=section, signatures=trust)


def test_signing_again_replaces_the_signature(own: Path, tmp_path: Path) -> None:
    make_key(tmp_path / "one")
    other = make_key(tmp_path / "other")
    sign_bundle(own, tmp_path / "one")
    sign_bundle(own, tmp_path / "other")
    manifest.verify(own, (other,), required=True)


def test_only_its_owner_reads_a_key_and_none_is_overwritten(tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    before = (tmp_path / "key").read_bytes()
    with pytest.raises(BundleRefused, match="nothing is overwritten"):
        make_key(tmp_path / "key")
    assert (tmp_path / "key").read_bytes() == before


def test_what_is_no_key_is_said_so(own: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("no key")
    with pytest.raises(BundleRefused, match=r"cannot be read as a private key; make one: opportune models keygen"):
        sign_bundle(own, tmp_path / "key")
    assert not (own / manifest.SIGNATURE).exists()


def test_what_no_node_would_take_is_not_signed(own: Path, tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    (own / "models" / "run.py").write_text("")
    with pytest.raises(BundleRefused, match=r"models/run\.py has no place in a bundle"):
        sign_bundle(own, tmp_path / "key")
