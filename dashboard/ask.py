"""What a page is asked, and what it may answer with: without HTTP, so that a page is a function of values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dashboard import cookies
from dashboard.passwords import Passwords
from dashboard.probes import Probes
from dashboard.throttle import Throttle
from db.engine import Sessions
from db.users import User
from screening.settings import Settings
from screening.users import Role

THEMES = ("light", "dark")


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What the pages work with, built once."""

    settings: Settings
    sessions: Sessions
    passwords: Passwords
    throttle: Throttle
    templates: Environment
    probes: Probes


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """Who is signed in."""

    session_id: int
    user: User
    csrf: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """One request."""

    parts: Parts
    path: str
    values: Mapping[str, Any]  #: of the path, e.g. study_id
    query: Mapping[str, str] = field(repr=False)
    form: Mapping[str, str] = field(repr=False)
    files: tuple[bytes, ...] = field(default=(), repr=False)  #: beginnings of files, of a route that takes them
    cookies: Mapping[str, str] = field(repr=False)
    client: str  #: address that it comes from
    fragment: bool  #: asked for by htmx, which puts the answer into a page
    signed: Signed | None

    def signed_by(self, signed: Signed) -> "Ask":
        """The same, asked by who is signed in."""
        return replace(self, signed=signed)

    @property
    def user(self) -> User:
        """Who asks. Routes that are open to anybody must not use it."""
        if self.signed is None:
            raise PermissionError("nobody is signed in")
        return self.signed.user

    def may(self, least: Role | str) -> bool:
        """Whether who asks has this role, or one above it."""
        return self.signed is not None and self.user.role.covers(Role(least))

    @property
    def sees_names(self) -> bool:
        """Whether patients' names are shown to who asks."""
        return self.may(Role.OPERATOR)


class NotFound(Exception):
    """There is no such thing; the page says what."""


def page(ask: Ask, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page, or a piece of one, from a template. `ask`, `csrf` and `theme` are there in each."""
    csrf = "" if ask.signed is None else ask.signed.csrf
    theme = cookies.read(ask, "theme")
    common = {"ask": ask, "csrf": csrf, "theme": theme if theme in THEMES else ""}
    text = ask.parts.templates.get_template(template).render(**common, **values)
    return HTMLResponse(text, status)


def go_to(path: str, **query: object) -> Response:
    """Send the browser to another page. query must hold nothing of a patient: addresses are remembered."""
    known = {key: value for key, value in query.items() if value not in (None, "")}
    return RedirectResponse(f"{path}?{urlencode(known)}" if known else path, 303)
