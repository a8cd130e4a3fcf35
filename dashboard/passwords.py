"""Passwords: hashed with argon2id, chosen long, or made for one time."""

import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 256  # characters; NIST SP 800-63B 5.1.1 asks for length, not for kinds of signs
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what is taken for another sign
_AT_ONCE = 2


class Passwords:
    """Hashes and verifies.

    Parameters
    ----------
    hasher
        The parameters of argon2id; those of RFC 9106 for little memory (64 MiB, 3 passes) by default.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        # each takes 64 MiB and a processor: whoever sends many passwords at once must not have the machine
        self._turn = threading.BoundedSemaphore(_AT_ONCE)
        self._nobody = self.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        """The hash that is kept, with its parameters and salt."""
        with self._turn:
            return self._hasher.hash(_normal(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password. None: there is no such user, which takes as long to say."""
        try:
            with self._turn:
                right = self._hasher.verify(password_hash or self._nobody, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return right and password_hash is not None

    def outdated(self, password_hash: str) -> bool:
        """Whether it was made by other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)


def one_time() -> str:
    """A password to be given to somebody: 99 random bits, easy to read out."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


def why_not(password: str, *, name: str) -> str | None:
    """Why a user must not choose this password; None: it is good."""
    if len(password) < SHORTEST:
        return f"A password has at least {SHORTEST} characters; several words are easy to remember."
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters."
    if len(name) > 2 and name in password.lower():
        return "The password must not contain your name."
    if len(set(password)) < 5:
        return "The password has too few different characters."
    return None


def _normal(password: str) -> str:
    """One spelling of what a keyboard may send in several: NFKC, NIST SP 800-63B 5.1.1.2."""
    return unicodedata.normalize("NFKC", password)
