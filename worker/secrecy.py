"""What must not be read in a log: passwords, and the UIDs that lead to a patient in the archive."""

import hashlib
import hmac
import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from screening.errors import SpoolUnavailable
from screening.settings import Settings

HIDDEN = "***"

_PASSWORD_IN_URL = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@/]+(?=@)", re.IGNORECASE)
_UID = re.compile(r"(?<![\w.])[0-2](?:\.\d+){5,}(?![\w.]*\w)")  # IP addresses, versions and moments have fewer parts
_KEY_BYTES = 32


class Secrecy:
    """Replaces what must not be read.

    Parameters
    ----------
    key
        Of the names that UIDs get.
    secrets
        Texts that never appear.
    """

    def __init__(self, key: bytes, secrets: Iterable[str] = ()) -> None:
        self._key = key
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def hide(self, text: str) -> str:
        """The text without passwords, and with a name for each UID."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return _UID.sub(lambda found: self.name(found[0]), _PASSWORD_IN_URL.sub(rf"\1{HIDDEN}", text))

    def name(self, uid: str) -> str:
        """What stands for a UID in the log: the same in every line of this node, and nobody can compute it without."""
        return "uid-" + hmac.new(self._key, uid.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:16]


def secrets_of(settings: Settings) -> list[str]:
    """The passwords that the settings hold, as written and as meant."""
    urls = [secret.get_secret_value() for secret in (settings.database_url, settings.broker_url) if secret is not None]
    passwords = [password for url in urls if (password := _password(url))]
    told = [
        one.get_secret_value() for one in (settings.notify.webhook, settings.notify.smtp_password) if one is not None
    ]
    return [*told, *(form for password in passwords for form in (password, unquote(password)))]


def _password(url: str) -> str | None:
    try:
        return urlsplit(url).password
    except ValueError:  # no URL after all; whoever opens it will say so
        return None


def log_key(settings: Settings) -> bytes:
    """The node's key for names of UIDs, in `home`; made when there is none.

    Raises
    ------
    SpoolUnavailable
        If it can neither be read nor made.
    """
    path = settings.home / "log-key"
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = _make(path) if not path.exists() else path.read_bytes()
    except OSError as exc:
        raise SpoolUnavailable(f"the key of the log's names, {path}, cannot be read or made: {exc.strerror}") from exc
    if len(key) != _KEY_BYTES:
        raise SpoolUnavailable(f"the key of the log's names, {path}, does not hold {_KEY_BYTES} bytes: remove it")
    return key


def _make(path: Path) -> bytes:
    """Make the key under another name and link it, so that of two processes that start at once one wins."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(os.urandom(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(part)
    except FileExistsError:
        pass
    finally:
        part.unlink()
    return path.read_bytes()
