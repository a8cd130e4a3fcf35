"""Who may use the dashboard, and tokens of programs. A password or token is shown once, in the answer that made it."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy.orm import Session
from starlette.responses import Response

from dashboard.ask import Ask, NotFound, go_to, page
from dashboard.passwords import one_time
from db import api_tokens, users
from db.engine import database_now, transaction
from screening.errors import LastAdmin
from screening.users import Role

_DAYS = 3650  # a token's longest life, as `opportune users token` has it
_LONGEST_LABEL = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret:
    """What is shown once."""

    title: str
    text: str = field(repr=False)
    hours: float  #: that it is good


def show(ask: Ask) -> Response:
    """The page."""
    return _page(ask)


def _page(ask: Ask, *, status: int = 200, wrong: str = "", secret: Secret | None = None) -> Response:
    with transaction(ask.parts.sessions, read_only=True) as s:
        found, tokens, now = users.known(s), api_tokens.known(s), database_now(s)
    return page(
        ask,
        "users.html",
        status=status,
        wrong=wrong[:1].upper() + wrong[1:],
        secret=secret,
        users=found,
        tokens=tokens,
        now=now,
        roles=[role.value for role in Role],
        longest=_LONGEST_LABEL,
        days=_DAYS,
    )


def add(ask: Ask) -> Response:
    """Make a user with a one-time password."""
    name, password = ask.form.get("name", ""), one_time()
    hashed, seconds = ask.parts.passwords.hash(password), _one_time_seconds(ask)
    try:
        role = _role(ask)
        with transaction(ask.parts.sessions) as s:
            added = users.add(s, name, role, hashed, valid_seconds=seconds, who=ask.user.name)
    except ValueError as exc:
        return _page(ask, status=422, wrong=str(exc))
    if added is None:
        return _page(ask, status=422, wrong=f"there is a user {name.strip().lower()} already")
    return _page(ask, secret=_password(added.name, password, seconds))


def reset(ask: Ask) -> Response:
    """Give a user a one-time password: it unlocks the account and ends the user's sign-ins."""
    name, password = _name(ask), one_time()
    hashed, seconds = ask.parts.passwords.hash(password), _one_time_seconds(ask)
    with transaction(ask.parts.sessions) as s, _known():
        users.reset(s, name, hashed, valid_seconds=seconds, who=ask.user.name)
    if name == ask.user.name:  # whose sign-ins ended, this one too: the password is in nobody's reach but here
        return page(ask, "one_time.html", secret=_password(name, password, seconds))
    return _page(ask, secret=_password(name, password, seconds))


def give_role(ask: Ask) -> Response:
    """Change what a user may do, from the user's next request on."""
    try:
        role = _role(ask)
    except ValueError as exc:
        return _page(ask, status=422, wrong=str(exc))
    return _change(ask, lambda s: users.give_role(s, _name(ask), role, who=ask.user.name))


def unlock(ask: Ask) -> Response:
    """Let a user who is locked out try again."""
    return _change(ask, lambda s: users.unlock(s, _name(ask), who=ask.user.name))


def remove(ask: Ask) -> Response:
    """Remove a user, the user's sign-ins and tokens."""
    return _change(ask, lambda s: users.remove(s, _name(ask), who=ask.user.name))


def issue_token(ask: Ask) -> Response:
    """Make a token for who asks."""
    try:
        role, days = _role(ask), _number_of_days(ask.form.get("days", ""))
        with transaction(ask.parts.sessions) as s:
            token = api_tokens.issue(
                s, ask.user.name, label=ask.form.get("label", "")[:_LONGEST_LABEL], role=role,
                valid_seconds=days * 86400, who=ask.user.name,
            )  # fmt: skip
    except ValueError as exc:
        return _page(ask, status=422, wrong=str(exc))
    return _page(ask, secret=Secret(title=f"Your token, role {role.value}", text=token, hours=days * 24))


def revoke_token(ask: Ask) -> Response:
    """End a token, whosever it is."""
    with transaction(ask.parts.sessions) as s:
        api_tokens.revoke(s, ask.values["token_id"], who=ask.user.name)
    return go_to("/users")


def _change(ask: Ask, verb: Callable[[Session], None]) -> Response:
    try:
        with transaction(ask.parts.sessions) as s, _known():
            verb(s)
    except LastAdmin as exc:
        return _page(ask, status=422, wrong=str(exc))
    return go_to("/users")


def _name(ask: Ask) -> str:
    return str(ask.values["user"]).strip().lower()


def _role(ask: Ask) -> Role:
    try:
        return Role(ask.form.get("role", ""))
    except ValueError:
        raise ValueError(f"role must be one of {', '.join(Role)}") from None


def _number_of_days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = math.nan
    if not 0 < days <= _DAYS:
        raise ValueError(f"days must be a number from more than 0 to {_DAYS}")
    return days


def _one_time_seconds(ask: Ask) -> float:
    return ask.parts.settings.dashboard.one_time_hours * 3600


def _password(name: str, password: str, seconds: float) -> Secret:
    return Secret(title=f"One-time password of {name}", text=password, hours=seconds / 3600)


@contextmanager
def _known() -> Iterator[None]:
    try:
        yield
    except KeyError:
        raise NotFound("there is no such user") from None
