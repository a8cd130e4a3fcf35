"""The settings in force, to be read: they are changed in the file or the environment, and taken at the next start."""

from starlette.responses import Response

from dashboard.ask import Ask, page
from screening.effective import changed_since, effective


def show(ask: Ask) -> Response:
    """The page."""
    settings = ask.parts.settings
    return page(ask, "configuration.html", sections=effective(settings), changed=changed_since(settings))
