"""Users with defaults."""

from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from db import users
from db.engine import database_now
from db.user_tables import UserRow
from db.users import User
from screening.users import Role


def add_user(s: Session, name: str = "jane", role: Role = Role.ADMIN, *, password_hash: str = "hash") -> User:
    """A user who signed in before and chose the password."""
    user = users.add(s, name, role, password_hash, valid_seconds=60, who="root")
    assert user is not None
    users.change_password(s, name, password_hash)
    return users.get(s, name)


def set_moment(s: Session, name: str, **moments: float) -> None:
    """Move moments of a user to so many seconds from now."""
    now = database_now(s)
    values = {column: now + timedelta(seconds=seconds) for column, seconds in moments.items()}
    s.execute(update(UserRow).where(UserRow.name == name).values(**values))
