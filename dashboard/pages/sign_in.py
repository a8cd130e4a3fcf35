"""Signing in and out."""

import hmac
import logging
import re
import secrets

from starlette.responses import Response

from dashboard import cookies
from dashboard.ask import Ask, go_to, page
from db import audit, user_sessions, users
from db.engine import transaction
from db.users import Credentials

_log = logging.getLogger(__name__)

_WRONG = "Name or password is wrong, or the account is locked for a while."
_TOO_MANY = "Too many attempts. Wait a minute."
_OWN_PATH = re.compile(r"/(?!/)[A-Za-z0-9/?=&_.-]*")  # of this site, and nothing else


def form(ask: Ask) -> Response:
    """The form."""
    return _form(ask, "", 200)


def submit(ask: Ask) -> Response:
    """Sign in. Whoever is refused learns nothing of why."""
    token = ask.form.get("csrf", "")
    if not token or not hmac.compare_digest(cookies.read(ask, "sign-in").encode(), token.encode()):
        return _form(ask, "The page was too old. Please try again.", 403)
    if not ask.parts.throttle.allows(ask.client):
        _log.warning("sign-ins from %s are refused for a minute: too many", ask.client)
        return _form(ask, _TOO_MANY, 429)
    name, password = ask.form.get("name", "").strip(), ask.form.get("password", "")
    with transaction(ask.parts.sessions, read_only=True) as s:
        known = users.credentials(s, name)
    right = ask.parts.passwords.verify(None if known is None else known.password_hash, password)
    if known is None or not right or known.barred:
        _refuse(ask, known, right=right)
        return _form(ask, _WRONG, 403)
    return _begin(ask, known, password)


def leave(ask: Ask) -> Response:
    """Sign out."""
    if ask.signed is not None:
        with transaction(ask.parts.sessions) as s:
            user_sessions.end(s, ask.signed.session_id)
            audit.record(s, actor=ask.user.name, action="sign-out", subject=f"user {ask.user.name}", detail="")
    return cookies.take(go_to("/sign-in"), ask.parts.settings.dashboard, "session")


def session_for(ask: Ask, name: str, response: Response) -> Response:
    """Begin a session for a user, and let the browser hold it."""
    settings = ask.parts.settings.dashboard
    with transaction(ask.parts.sessions) as s:
        begun = user_sessions.begin(
            s,
            users.get(s, name).user_id,
            idle_seconds=settings.idle_minutes * 60,
            most_seconds=settings.session_hours * 3600,
        )
    return cookies.give(response, settings, "session", begun.token)


def _form(ask: Ask, error: str, status: int) -> Response:
    token = cookies.read(ask, "sign-in") or secrets.token_urlsafe(24)
    wanted = ask.query.get("next") or ask.form.get("next", "")
    response = page(ask, "sign_in.html", status=status, error=error, token=token, next=_own(wanted))
    return cookies.give(response, ask.parts.settings.dashboard, "sign-in", token)


def _begin(ask: Ask, known: Credentials, password: str) -> Response:
    hashed = ask.parts.passwords.hash(password) if ask.parts.passwords.outdated(known.password_hash) else None
    with transaction(ask.parts.sessions) as s:
        users.signed_in(s, known.user.name, where=ask.client, password_hash=hashed)
    wanted = "/password" if known.user.must_change else _own(ask.form.get("next", "")) or "/"
    return session_for(ask, known.user.name, go_to(wanted))


def _refuse(ask: Ask, known: Credentials | None, *, right: bool) -> None:
    """Count it. A name that nobody has is not written down: it may be a password in the wrong field."""
    settings = ask.parts.settings.dashboard
    with transaction(ask.parts.sessions) as s:
        if known is not None and not known.barred:
            seconds = settings.lock_minutes * 60
            users.refused(s, known.user.name, most=settings.wrong_passwords, lock_seconds=seconds, where=ask.client)
            return
        subject = "user unknown" if known is None else f"user {known.user.name}"
        told = f"from {ask.client}" + (
            "" if known is None else "; barred" + (", the password was right" if right else "")
        )
        actor = "nobody" if known is None else known.user.name
        audit.record(s, actor=actor, action="sign-in refused", subject=subject, detail=told)


def _own(path: str) -> str:
    """A path of this site, or empty: nobody is sent elsewhere."""
    return path if _OWN_PATH.fullmatch(path) else ""
