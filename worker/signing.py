"""Keys that sign bundles, and signing."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from screening import manifest
from screening.card import ModelCard
from screening.errors import BundleRefused
from worker.bundle_files import files_of
from worker.bundles import check


def make_key(out: Path) -> str:
    """Make a private key in a file that only its owner reads; its public half as settings take it.

    Raises
    ------
    BundleRefused
        If there is a file of this name, or it cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
    except OSError as exc:
        raise BundleRefused(f"{out} cannot be made: {exc.strerror}; nothing is overwritten") from exc
    return manifest.public_key(key)


def sign_bundle(folder: Path, key_file: Path) -> tuple[ModelCard, str]:
    """Sign a bundle after it was looked at; its card, and the public half of the key.

    Raises
    ------
    BundleRefused
        If the folder is no bundle that a node would take, or the file holds no key of keygen.
    """
    files_of(folder)
    card = check(folder)
    try:
        key = load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as exc:
        raise BundleRefused(f"{key_file} cannot be read as a private key; make one: opportune models keygen") from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise BundleRefused(f"{key_file} is no Ed25519 key; make one: opportune models keygen")
    try:
        manifest.sign(folder, key)
    except OSError as exc:
        raise BundleRefused(f"{exc.filename} cannot be written: {exc.strerror}") from exc
    return card, manifest.public_key(key)
