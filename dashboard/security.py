"""What every answer carries and every request must satisfy, whatever page it is for."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from screening.dashboard_settings import Dashboard

# nothing from elsewhere, nothing inline; Pico's style sheet draws its arrows from data: pictures
POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
        "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    )
)  # fmt: skip

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer browsers send "Origin: null" with our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_STRICT_TRANSPORT = "max-age=31536000"


class Security:
    """ASGI middleware: host names, origins, headers.

    Parameters
    ----------
    app
        What it stands before.
    settings
        Host names, and whether there is TLS.
    """

    def __init__(self, app: ASGIApp, settings: Dashboard) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on and add the headers to the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if self._settings.secure:
                    headers["Strict-Transport-Security"] = _STRICT_TRANSPORT
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        why = self._why_not(scope["method"], Headers(scope=scope))
        app = self._app if why is None else PlainTextResponse(why, 400)
        await app(scope, receive, sending)

    def _why_not(self, method: str, headers: Headers) -> str | None:
        """Why a request is refused; None: it is not."""
        if len(headers.getlist("host")) != 1 or _host(headers["host"]) not in self._settings.known_hosts:
            return "This dashboard is not known by that name: see dashboard.hosts."
        if method in ("GET", "HEAD"):
            return None
        # a browser says where a request comes from; a program may leave it out, and needs the token all the same
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "The request comes from another site."
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != headers["host"].lower():
            return "The request comes from another site."
        return None


def _host(value: str) -> str:
    """The name or address of a Host header, without its port, in small letters."""
    name = value.strip().lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0].rstrip(".")
