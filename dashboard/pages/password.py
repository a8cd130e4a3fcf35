"""Choosing a password."""

from starlette.responses import Response

from dashboard.ask import Ask, go_to, page
from dashboard.pages.sign_in import session_for
from dashboard.passwords import why_not
from db import users
from db.engine import transaction


def form(ask: Ask) -> Response:
    """The form."""
    return page(ask, "password.html", error="")


def submit(ask: Ask) -> Response:
    """Change it: every session of the user ends, and this browser gets a new one."""
    error = _error(ask)
    if error is not None:
        return page(ask, "password.html", status=422, error=error)
    hashed = ask.parts.passwords.hash(ask.form["new"])
    with transaction(ask.parts.sessions) as s:
        users.change_password(s, ask.user.name, hashed)
    return session_for(ask, ask.user.name, go_to("/"))


def _error(ask: Ask) -> str | None:
    old, new = ask.form.get("old", ""), ask.form.get("new", "")
    if not ask.parts.throttle.allows(f"password of {ask.user.name}"):
        return "Too many attempts. Wait a minute."
    with transaction(ask.parts.sessions, read_only=True) as s:
        known = users.credentials(s, ask.user.name)
    if known is None or not ask.parts.passwords.verify(known.password_hash, old):
        return "The present password is wrong."
    if new != ask.form.get("again", ""):
        return "The new password was typed in two ways."
    if new == old:
        return "The new password is the old one."
    return why_not(new, name=ask.user.name)
