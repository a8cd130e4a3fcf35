"""Users of the dashboard: made, given a role or a password, locked for a while, removed. Each change is audited."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db import audit
from db.engine import database_now
from db.upsert import insert_or_ignore
from db.user_tables import UserRow, UserSessionRow
from screening.errors import LastAdmin
from screening.users import Role, user_name


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """One user."""

    user_id: int
    name: str
    role: Role
    must_change: bool
    password_until: datetime | None
    locked_until: datetime | None
    created_at: datetime
    signed_in_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What a password is held against. barred: the account is locked, or its one-time password is too old."""

    user: User
    password_hash: str = field(repr=False)
    barred: bool


def add(s: Session, name: str, role: Role, password_hash: str, *, valid_seconds: float, who: str) -> User | None:
    """Make a user with a password to be changed at the first sign-in; None when there is one of this name.

    Raises
    ------
    ValueError
        If the name cannot be one.
    """
    now = database_now(s)
    values = {
        "name": user_name(name), "role": role.value, "password_hash": password_hash, "must_change": True,
        "password_until": now + timedelta(seconds=valid_seconds), "failures": 0, "created_at": now,
    }  # fmt: skip
    if insert_or_ignore(s, UserRow, ["name"], values) is None:
        return None
    user = get(s, name)
    audit.record(s, actor=who, action="user added", subject=f"user {user.name}", detail=f"role {role}")
    return user


def is_empty(s: Session) -> bool:
    """Whether there is no user yet."""
    return s.scalar(select(UserRow.id).limit(1)) is None


def get(s: Session, name: str) -> User:
    """A user. Raises KeyError when there is none of this name."""
    return to_user(_row(s, name))


def known(s: Session) -> list[User]:
    """Every user, by name."""
    return [to_user(row) for row in s.scalars(select(UserRow).order_by(UserRow.name))]


def credentials(s: Session, name: str) -> Credentials | None:
    """What a password for this name is held against; None when there is no such user."""
    try:
        row = _row(s, name)
    except KeyError:
        return None
    now = database_now(s)
    locked = row.locked_until is not None and row.locked_until > now
    stale = row.must_change and row.password_until is not None and row.password_until <= now
    return Credentials(user=to_user(row), password_hash=row.password_hash, barred=locked or stale)


def refused(s: Session, name: str, *, most: int, lock_seconds: float, where: str) -> bool:
    """A wrong password was given for a user. Whether that locked the account: each `most` in a row do, anew.

    where: the address that it came from.
    """
    row = _row(s, name, lock=True)
    row.failures += 1
    locks = row.failures % most == 0
    if locks:
        row.locked_until = database_now(s) + timedelta(seconds=lock_seconds)
    s.flush()
    told = f"from {where}, {row.failures} in a row" + (f"; locked for {lock_seconds:g} s" if locks else "")
    audit.record(s, actor=row.name, action="sign-in refused", subject=f"user {row.name}", detail=told)
    return locks


def signed_in(s: Session, name: str, *, where: str, password_hash: str | None = None) -> None:
    """The right password was given. password_hash: the same password, by stronger parameters."""
    row = _row(s, name, lock=True)
    row.failures, row.locked_until, row.signed_in_at = 0, None, database_now(s)
    if password_hash is not None:
        row.password_hash = password_hash
    s.flush()
    audit.record(s, actor=row.name, action="sign-in", subject=f"user {row.name}", detail=f"from {where}")


def change_password(s: Session, name: str, password_hash: str) -> None:
    """A user chose a password. Every session of the user ends."""
    row = _row(s, name, lock=True)
    row.password_hash, row.must_change, row.password_until = password_hash, False, None
    s.flush()
    _end_sessions(s, row)
    audit.record(s, actor=row.name, action="password changed", subject=f"user {row.name}", detail="")


def reset(s: Session, name: str, password_hash: str, *, valid_seconds: float, who: str) -> None:
    """Give a user a one-time password, and unlock the account. Every session of the user ends."""
    row = _row(s, name, lock=True)
    row.password_hash, row.must_change = password_hash, True
    row.password_until = database_now(s) + timedelta(seconds=valid_seconds)
    row.failures, row.locked_until = 0, None
    s.flush()
    _end_sessions(s, row)
    audit.record(s, actor=who, action="password reset", subject=f"user {row.name}", detail="")


def unlock(s: Session, name: str, *, who: str) -> None:
    """Let a user whose account is locked try again at once, with the same password."""
    row = _row(s, name, lock=True)
    row.failures, row.locked_until = 0, None
    s.flush()
    audit.record(s, actor=who, action="user unlocked", subject=f"user {row.name}", detail="")


def give_role(s: Session, name: str, role: Role, *, who: str) -> None:
    """Change a user's role, from the user's next request on.

    Raises
    ------
    LastAdmin
        If no admin would be left.
    """
    row = _row(s, name, lock=True)
    before, row.role = row.role, role.value
    s.flush()
    _require_an_admin(s)
    audit.record(s, actor=who, action="user role", subject=f"user {row.name}", detail=f"{before} to {role}")


def remove(s: Session, name: str, *, who: str) -> None:
    """Remove a user, the user's sessions and tokens. Lines of the audit trail keep the name.

    Raises
    ------
    LastAdmin
        If no admin would be left.
    """
    user = to_user(_row(s, name, lock=True))
    s.execute(delete(UserRow).where(UserRow.id == user.user_id))
    _require_an_admin(s)
    audit.record(s, actor=who, action="user removed", subject=f"user {user.name}", detail=f"role {user.role}")


def to_user(row: UserRow) -> User:
    """The row as a value."""
    return User(
        user_id=row.id,
        name=row.name,
        role=Role(row.role),
        must_change=row.must_change,
        password_until=row.password_until,
        locked_until=row.locked_until,
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
    )


def _row(s: Session, name: str, *, lock: bool = False) -> UserRow:
    try:
        query = select(UserRow).where(UserRow.name == user_name(name))
    except ValueError:
        raise KeyError("no such user") from None
    if lock:
        query = query.with_for_update()
    row = s.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise KeyError(f"no user {user_name(name)}")
    return row


def _end_sessions(s: Session, row: UserRow) -> None:
    s.execute(delete(UserSessionRow).where(UserSessionRow.user_id == row.id))


def _require_an_admin(s: Session) -> None:
    """Admins are counted under a lock: of two who take each other's role one fails."""
    admins = select(UserRow.id).where(UserRow.role == Role.ADMIN.value).with_for_update()
    if not s.scalars(admins).all():
        raise LastAdmin("nobody would be admin any more: make another user admin before")
