"""The first user: an admin with a password that is printed once. There is no default password anywhere."""

from dashboard.passwords import Passwords, one_time
from db import users
from db.engine import Sessions, transaction
from screening.settings import Settings
from screening.users import Role

NAME = "admin"


def make_first_admin(sessions: Sessions, settings: Settings, passwords: Passwords) -> str | None:
    """Make the first user if there is none; the one-time password, or None. Of two that start at once one gets it."""
    with transaction(sessions, read_only=True) as s:
        if not users.is_empty(s):
            return None
    password = one_time()
    hashed, seconds = passwords.hash(password), settings.dashboard.one_time_hours * 3600
    with transaction(sessions) as s:
        added = users.is_empty(s) and users.add(s, NAME, Role.ADMIN, hashed, valid_seconds=seconds, who="first start")
    return password if added else None


def announcement(password: str, settings: Settings) -> str:
    """What is printed, once."""
    return (
        f"The dashboard's first user is {NAME!r} with the one-time password {password}\n"
        f"It is printed this once, holds for {settings.dashboard.one_time_hours:g} hours and is changed at the first"
        f" sign-in. A new one: opportune users reset {NAME}"
    )
