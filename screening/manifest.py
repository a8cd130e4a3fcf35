"""A bundle's manifest: the SHA-256 of each of its files, and an Ed25519 signature over that list (RFC 8032).

`MANIFEST.sha256` is what `sha256sum` writes and checks; `MANIFEST.sig` is the signature over its bytes, in Base64.
"""

import base64
import hashlib
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from screening.errors import WeightsMismatch

MANIFEST = "MANIFEST.sha256"
SIGNATURE = "MANIFEST.sig"
_LONGEST = 2**20  # bytes of a manifest; a bundle has about ten files
_LINE = re.compile(r"([0-9a-f]{64})  ([^\n\\]+)")


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a bundle, by its path below `folder`, sorted; manifest and signature are left out.

    Raises
    ------
    WeightsMismatch
        Names the first that is no plain file, or cannot be read.
    """
    found = {}
    try:
        for path in sorted(folder.rglob("*")):
            name, mode = path.relative_to(folder).as_posix(), path.lstat().st_mode
            if stat.S_ISDIR(mode) or name in (MANIFEST, SIGNATURE):
                continue
            if not stat.S_ISREG(mode):
                raise WeightsMismatch(f"{name} in {folder} is no plain file")
            found[name] = digest(path)
    except OSError as exc:
        raise WeightsMismatch(f"{exc.filename or folder} cannot be read: {exc.strerror}") from exc
    return found


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def text_of(found: Mapping[str, str]) -> str:
    """A manifest, as `sha256sum` writes it."""
    return "".join(f"{value}  {name}\n" for name, value in sorted(found.items()))


def parse(text: str) -> dict[str, str]:
    """The inverse of `text_of`.

    Raises
    ------
    ValueError
        If a line is no SHA-256 and a path, or a path is there twice.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match is None or match[2] in found:
            raise ValueError(f"line {number} is no SHA-256 and a path that is there once")
        found[match[2]] = match[1]
    return found


def sign(folder: Path, key: Ed25519PrivateKey) -> None:
    """Write a bundle's manifest and its signature, over those that are there."""
    listed = text_of(digests(folder)).encode()
    (folder / MANIFEST).write_bytes(listed)
    (folder / SIGNATURE).write_text(base64.b64encode(key.sign(listed)).decode() + "\n", encoding="ascii")


def verify(folder: Path, trusted_keys: Iterable[str] = (), *, required: bool = False) -> None:
    """Make sure that a bundle is what its manifest lists, file by file, and was signed by one who is trusted.

    Parameters
    ----------
    folder
        The bundle.
    trusted_keys
        Public keys, as `public_key` writes them.
    required
        Whether a bundle without a signature is refused. One that has a signature needs a good one in any case.

    Raises
    ------
    WeightsMismatch
        Names the bundle and the first file that differs, is missing or is not listed.
    """
    listed, signature = (_read(folder / name) for name in (MANIFEST, SIGNATURE))
    if signature is None and required:
        raise WeightsMismatch(f"the bundle in {folder} is not signed; sign it: opportune models sign")
    if listed is None:
        if signature is not None:
            raise WeightsMismatch(f"the bundle in {folder} has a signature but no {MANIFEST}")
        return
    if signature is not None:
        _check_signature(folder, listed, signature, trusted_keys)
    try:
        wanted = parse(listed.decode())
    except ValueError as exc:
        raise WeightsMismatch(f"{folder / MANIFEST} is no manifest: {exc}") from exc
    _compare(folder, wanted, digests(folder))


def _compare(folder: Path, wanted: Mapping[str, str], found: Mapping[str, str]) -> None:
    for name in sorted({*wanted, *found}):
        if name not in found:
            raise WeightsMismatch(f"{name} is missing from the bundle in {folder}, whose manifest lists it")
        if name not in wanted:
            raise WeightsMismatch(f"{name} in {folder} is not in the bundle's manifest")
        if found[name] != wanted[name]:
            raise WeightsMismatch(
                f"{name} in {folder} was changed: its SHA-256 is {found[name]}, the manifest says {wanted[name]}"
            )


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise WeightsMismatch(f"{path} cannot be read: {exc.strerror}") from exc


def _check_signature(folder: Path, listed: bytes, signature: bytes, trusted_keys: Iterable[str]) -> None:
    try:
        raw = base64.b64decode(signature.strip(), validate=True)
    except ValueError as exc:
        raise WeightsMismatch(f"{folder / SIGNATURE} is no signature in Base64") from exc
    for key in trusted_keys:
        try:
            load_public_key(key).verify(raw, listed)
        except InvalidSignature:
            continue
        return
    raise WeightsMismatch(
        f"the bundle in {folder} is signed, but by no key of signatures.trusted_keys over this {MANIFEST}"
    )


_PREFIX = "ed25519:"


def public_key(key: Ed25519PrivateKey) -> str:
    """The public half of a key, as it stands in settings: `ed25519:` and 32 bytes in Base64."""
    return _PREFIX + base64.b64encode(key.public_key().public_bytes_raw()).decode()


def load_public_key(text: str) -> Ed25519PublicKey:
    """The inverse of `public_key`.

    Raises
    ------
    ValueError
        If it is no public key.
    """
    try:
        if not text.startswith(_PREFIX):
            raise ValueError
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.removeprefix(_PREFIX), validate=True))
    except ValueError:
        raise ValueError(
            "must be a public key as `opportune models keygen` prints it: ed25519: and 32 bytes in Base64"
        ) from None
