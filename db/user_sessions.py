"""Sessions of the dashboard: begun by a sign-in, found by what the browser holds, ended by disuse, age or its user."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from db.engine import database_now
from db.user_tables import UserRow, UserSessionRow
from db.users import User, to_user

_TOUCH_SECONDS = 60.0  # a session in use is written to so often at most


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """What a browser gets. Only the digest of the token is kept."""

    token: str = field(repr=False)
    csrf: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A session that holds, and its user. touch: it is time to say that it is in use."""

    session_id: int
    user: User
    csrf: str = field(repr=False)
    touch: bool


def begin(s: Session, user_id: int, *, idle_seconds: float, most_seconds: float) -> Begun:
    """Begin a session that ends after so long without use, or after most_seconds. Forgets those that are over."""
    now = database_now(s)
    s.execute(delete(UserSessionRow).where(or_(UserSessionRow.idle_at <= now, UserSessionRow.ends_at <= now)))
    begun = Begun(token=secrets.token_urlsafe(32), csrf=secrets.token_urlsafe(32))
    s.add(
        UserSessionRow(
            user_id=user_id,
            token_digest=digest_of(begun.token),
            csrf=begun.csrf,
            created_at=now,
            idle_at=now + timedelta(seconds=idle_seconds),
            ends_at=now + timedelta(seconds=most_seconds),
        )
    )
    s.flush()
    return begun


def find(s: Session, token: str, *, idle_seconds: float) -> Found | None:
    """The session of who holds this token, None when there is none or it is over."""
    now = database_now(s)
    row = s.execute(
        select(UserSessionRow, UserRow)
        .join(UserRow, UserRow.id == UserSessionRow.user_id)
        .where(UserSessionRow.token_digest == digest_of(token))
        .where(UserSessionRow.idle_at > now, UserSessionRow.ends_at > now)
    ).one_or_none()
    if row is None:
        return None
    session, user = row
    touched = session.idle_at - timedelta(seconds=idle_seconds)
    return Found(
        session_id=session.id,
        user=to_user(user),
        csrf=session.csrf,
        touch=now - touched > timedelta(seconds=min(_TOUCH_SECONDS, idle_seconds / 10)),
    )


def touch(s: Session, session_id: int, *, idle_seconds: float) -> None:
    """The session is in use: it ends so long after now, at the earliest."""
    idle_at = database_now(s) + timedelta(seconds=idle_seconds)
    s.execute(update(UserSessionRow).where(UserSessionRow.id == session_id).values(idle_at=idle_at))


def end(s: Session, session_id: int) -> None:
    """End a session; one that is over already is no error."""
    s.execute(delete(UserSessionRow).where(UserSessionRow.id == session_id))


def digest_of(token: str) -> str:
    """What is kept of a token. It has 256 random bits, so a fast digest is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
