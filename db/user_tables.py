"""Tables of the dashboard's users, their sessions and tokens. Of secrets there are digests alone."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.columns import Number
from db.table_base import Key, Table


class UserRow(Table):
    """One user of the dashboard."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[Key]
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]  #: argon2id, with its parameters and salt
    must_change: Mapped[bool]  #: the password was given by somebody else: nothing but changing it is allowed
    password_until: Mapped[datetime | None]  #: such a password is good until then
    failures: Mapped[int]  #: wrong passwords since the last right one
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    signed_in_at: Mapped[datetime | None]


class UserSessionRow(Table):
    """One browser that is signed in."""

    __tablename__ = "user_sessions"
    __table_args__ = (UniqueConstraint("token_digest"),)

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(Number, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_digest: Mapped[str]  #: SHA-256 of what the browser holds
    csrf: Mapped[str]  #: what every form of the session carries
    created_at: Mapped[datetime]
    idle_at: Mapped[datetime]  #: it ends then, unless it is used before
    ends_at: Mapped[datetime]  #: it ends then in any case


class ApiTokenRow(Table):
    """One token of a program that uses the JSON API on behalf of a user."""

    __tablename__ = "api_tokens"
    __table_args__ = (UniqueConstraint("token_digest"),)

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(Number, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    label: Mapped[str]  #: what it is for
    role: Mapped[str]  #: the most that it may do; never more than its user
    token_digest: Mapped[str]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
