"""A bundle is what its manifest lists, and was signed by one who is trusted; every other one is refused with a name."""

import base64
import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from screening import manifest
from screening.errors import WeightsMismatch

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
TRUSTED = (manifest.public_key(OTHER), manifest.public_key(KEY))


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    for name in ("configs/opportune.json", "models/model.safetensors", "LICENSE"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    manifest.sign(tmp_path, KEY)
    return tmp_path


def test_what_is_signed_is_good(signed: Path) -> None:
    manifest.verify(signed, TRUSTED, required=True)


def test_sha256sum_reads_the_manifest(signed: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--strict", "-c", manifest.MANIFEST], cwd=signed, check=True, capture_output=True
    )
    assert done.stdout.count(b"OK") == 3


def _edit(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text("other")


def _link(folder: Path) -> None:
    (folder / "LICENSE").unlink()
    (folder / "LICENSE").symlink_to("/etc/hostname")


def _list_another(folder: Path) -> None:
    """Change a file and the list with it: the signature is over the list as it was."""
    (folder / "LICENSE").write_text("other")
    (folder / manifest.MANIFEST).write_text(manifest.text_of(manifest.digests(folder)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            _edit("models/model.safetensors"),
            r"^models/model\.safetensors in .* was changed: its SHA-256 is d9298a10d1b0",
        ),
        (_edit("configs/opportune.json"), r"^configs/opportune\.json in .* was changed"),
        (_edit("models/more.safetensors"), r"^models/more\.safetensors in .* is not in the bundle's manifest"),
        (lambda f: (f / "LICENSE").unlink(), r"^LICENSE is missing from the bundle"),
        (_link, r"^LICENSE in .* is no plain file"),
        (_list_another, r"signed, but by no key of signatures\.trusted_keys"),
        (lambda f: (f / manifest.MANIFEST).unlink(), r"has a signature but no MANIFEST\.sha256"),
        (lambda f: (f / manifest.SIGNATURE).unlink(), r"is not signed; sign it: opportune models sign"),
        (_edit(manifest.SIGNATURE), r"MANIFEST\.sig is no signature in Base64|by no key"),
        (lambda f: (f / manifest.SIGNATURE).write_text("?"), r"MANIFEST\.sig is no signature in Base64"),
    ],
)
def test_whatever_was_changed_is_named(signed: Path, change: Callable[[Path], object], said: str) -> None:
    change(signed)
    with pytest.raises(WeightsMismatch, match=said):
        manifest.verify(signed, TRUSTED, required=True)


def test_a_signature_of_a_stranger_is_refused_also_where_none_is_required(signed: Path) -> None:
    with pytest.raises(WeightsMismatch, match="by no key"):
        manifest.verify(signed, TRUSTED[:1])


def test_a_manifest_without_a_signature_counts_where_none_is_required(signed: Path) -> None:
    (signed / manifest.SIGNATURE).unlink()
    manifest.verify(signed)
    _edit("LICENSE")(signed)
    with pytest.raises(WeightsMismatch, match=r"LICENSE in .* was changed"):
        manifest.verify(signed)


def test_a_bundle_without_either_passes_where_none_is_required(tmp_path: Path) -> None:
    manifest.verify(tmp_path)


@pytest.mark.parametrize("text", ["x  LICENSE\n", f"{'0' * 64} LICENSE\n", f"{'0' * 64}  a\n{'0' * 64}  a\n"])
def test_what_is_no_manifest_is_refused(signed: Path, text: str) -> None:
    (signed / manifest.SIGNATURE).unlink()
    (signed / manifest.MANIFEST).write_text(text)
    with pytest.raises(WeightsMismatch, match=r"is no manifest: line \d is no SHA-256"):
        manifest.verify(signed)


def test_digest(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert manifest.digest(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize(
    "text", ["", "ed25519:", "ed25519:AAAA", "rsa:" + base64.b64encode(bytes(32)).decode(), "ed25519:?"]
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a public key as `opportune models keygen` prints it"):
        manifest.load_public_key(text)


def test_a_signature_is_that_of_rfc_8032() -> None:
    """Section 7.1, test 1: the empty message."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert manifest.public_key(key) == "ed25519:" + base64.b64encode(public).decode()
    assert (
        key.sign(b"")
        .hex()
        .startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac")
    )
