"""Light or dark."""

from starlette.responses import Response

from dashboard import cookies
from dashboard.ask import THEMES, Ask, go_to

_YEAR = 365 * 86400


def submit(ask: Ask) -> Response:
    """Keep the choice in the browser; anything else than light or dark follows the computer."""
    theme, settings = ask.form.get("theme", ""), ask.parts.settings.dashboard
    response = go_to("/")
    if theme not in THEMES:
        return cookies.take(response, settings, "theme")
    return cookies.give(response, settings, "theme", theme, seconds=_YEAR)
