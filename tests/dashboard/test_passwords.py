"""Passwords."""

from typing import Literal

import pytest
from argon2 import PasswordHasher

from dashboard.passwords import Passwords, one_time, why_not
from tests.dashboard.site import QUICK


def test_only_the_password_is_the_password() -> None:
    passwords = Passwords(QUICK)
    kept = passwords.hash("caf\u00e9 au lait")
    assert passwords.verify(kept, "caf\u00e9 au lait")
    assert passwords.verify(kept, "cafe\u0301 au lait"), "the same letters, typed on another keyboard"
    assert not passwords.verify(kept, "cafe au lait")
    assert not passwords.verify("no hash", "x")
    assert passwords.hash("x") != passwords.hash("x"), "each has a salt of its own"


def test_nobody_is_verified_as_slowly_and_never_right() -> None:
    asked: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 (its name there)
            asked.append(str(hash))
            return True

    assert not Passwords(Counting(time_cost=1, memory_cost=8, parallelism=1)).verify(None, "x")
    assert len(asked) == 1


def test_it_is_argon2id_with_the_parameters_of_rfc_9106() -> None:
    """Section 4, the second recommended option: 64 MiB, 3 passes, 4 lanes."""
    kept = Passwords().hash("x")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert Passwords().outdated(Passwords(QUICK).hash("x"))
    assert not Passwords().outdated(kept)


def test_one_time_passwords_are_long_and_differ() -> None:
    found = {one_time() for _ in range(100)}
    assert len(found) == 100
    assert all(why_not(password, name="admin") is None for password in found)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "at least 12"),
        ("x" * 257, "at most 256"),
        ("jane's own password", "your name"),
        ("JANE's own password", "your name"),
        ("aaaaaaaaaaaaaaaa", "too few"),
        ("several words are easy", None),
        ("caf\u00e9 au lait for two", None),
    ],
)
def test_what_may_be_chosen(password: str, why: str | None) -> None:
    said = why_not(password, name="jane")
    assert (said is None) if why is None else (said is not None and why in said)
