"""The application: every route of the table behind the guard, and nothing else."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route as StarletteRoute

from dashboard.ask import Parts
from dashboard.guard import endpoint
from dashboard.passwords import Passwords
from dashboard.probes import Probes
from dashboard.routes import MENU, ROUTES
from dashboard.security import Security
from dashboard.templating import make_templates
from dashboard.throttle import Throttle
from db.engine import Sessions
from screening.settings import Settings


def make_parts(settings: Settings, sessions: Sessions, passwords: Passwords | None = None) -> Parts:
    """What the pages work with."""
    return Parts(
        settings=settings,
        sessions=sessions,
        passwords=passwords or Passwords(),
        throttle=Throttle(settings.dashboard.attempts_per_minute),
        templates=make_templates(settings, MENU),
        probes=Probes(settings),
    )


def make_app(parts: Parts) -> Starlette:
    """The ASGI application."""
    return Starlette(
        routes=[
            StarletteRoute(
                route.path, endpoint(route, parts), methods=[route.method], name=_name(route.method, route.path)
            )
            for route in ROUTES
        ],
        middleware=[Middleware(Security, settings=parts.settings.dashboard)],
        exception_handlers={404: _nothing, 405: _nothing},
    )


def _name(method: str, path: str) -> str:
    return f"{method} {path}"


async def _nothing(_request: Request, exc: Exception) -> Response:
    """Whoever asks for what there is not learns no more than that, signed in or not."""
    return PlainTextResponse("There is no such page.", getattr(exc, "status_code", 404))
