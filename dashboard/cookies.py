"""The dashboard's cookies: HttpOnly, SameSite=Strict, and bound to the host by TLS where there is TLS."""

from typing import TYPE_CHECKING, Literal

from starlette.responses import Response

from screening.dashboard_settings import Dashboard

if TYPE_CHECKING:
    from dashboard.ask import Ask

Kind = Literal["session", "sign-in", "theme"]


def name_of(kind: Kind, settings: Dashboard) -> str:
    """Name of a cookie; with TLS the prefix keeps other hosts of the domain from setting it (RFC 6265bis 4.1.3.2)."""
    return f"__Host-opportune-{kind}" if settings.secure else f"opportune-{kind}"


def read(ask: "Ask", kind: Kind) -> str:
    """Its value, empty when the browser sent none."""
    return ask.cookies.get(name_of(kind, ask.parts.settings.dashboard), "")


def give(response: Response, settings: Dashboard, kind: Kind, value: str, *, seconds: int | None = None) -> Response:
    """Let the browser keep a cookie, until it is closed or for so many seconds."""
    response.set_cookie(
        name_of(kind, settings), value, max_age=seconds, httponly=True, secure=settings.secure, samesite="strict"
    )
    return response


def take(response: Response, settings: Dashboard, kind: Kind) -> Response:
    """Let the browser forget a cookie."""
    response.delete_cookie(name_of(kind, settings), httponly=True, secure=settings.secure, samesite="strict")
    return response
