"""Tokens of programs: each acts for a user, may do no more than that user, and ends by itself."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db import audit, users
from db.engine import database_now
from db.user_sessions import digest_of
from db.user_tables import ApiTokenRow, UserRow
from db.users import User, to_user
from screening.users import Role

PREFIX = "opp_"
"""What a token begins with, so that one that lies about is known for what it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiToken:
    """One token, without what opens the door."""

    token_id: int
    user: str  #: name of its user
    label: str
    role: Role  #: the most that it may do
    created_at: datetime
    ends_at: datetime


def issue(s: Session, name: str, *, label: str, role: Role, valid_seconds: float, who: str) -> str:
    """Make a token for a user. It is given out once: only its digest is kept.

    Raises
    ------
    KeyError
        If there is no such user.
    ValueError
        If the user may not do so much, or the label is empty.
    """
    user = users.get(s, name)
    if not user.role.covers(role):
        raise ValueError(f"user {user.name} is {user.role} and cannot have a token of role {role}")
    if not label.strip():
        raise ValueError("label must say what the token is for")
    token, now = PREFIX + secrets.token_urlsafe(32), database_now(s)
    row = ApiTokenRow(
        user_id=user.user_id,
        label=label.strip(),
        role=role.value,
        token_digest=digest_of(token),
        created_at=now,
        ends_at=now + timedelta(seconds=valid_seconds),
    )
    s.add(row)
    s.flush()
    told = f"token {row.id}, role {role}: {label.strip()}"
    audit.record(s, actor=who, action="token issued", subject=f"user {user.name}", detail=told)
    return token


def find(s: Session, token: str) -> tuple[User, Role] | None:
    """Whose token this is, and what it may do now: no more than its user. None when there is none, or it is over."""
    row = s.execute(
        select(ApiTokenRow, UserRow)
        .join(UserRow, UserRow.id == ApiTokenRow.user_id)
        .where(ApiTokenRow.token_digest == digest_of(token), ApiTokenRow.ends_at > database_now(s))
    ).one_or_none()
    if row is None:
        return None
    kept, user = row
    role = Role(kept.role)
    owner = to_user(user)
    return owner, role if owner.role.covers(role) else owner.role


def known(s: Session) -> list[ApiToken]:
    """Every token, the newest first, also those that are over."""
    query = select(ApiTokenRow, UserRow.name).join(UserRow, UserRow.id == ApiTokenRow.user_id)
    return [
        ApiToken(
            token_id=row.id, user=name, label=row.label, role=Role(row.role), created_at=row.created_at,
            ends_at=row.ends_at,
        )
        for row, name in s.execute(query.order_by(ApiTokenRow.id.desc()))
    ]  # fmt: skip


def revoke(s: Session, token_id: int, *, who: str) -> bool:
    """End a token. False when there is none of this number."""
    row = s.execute(delete(ApiTokenRow).where(ApiTokenRow.id == token_id).returning(ApiTokenRow.label)).one_or_none()
    if row is None:
        return False
    audit.record(s, actor=who, action="token revoked", subject=f"token {token_id}", detail=row.label)
    return True
