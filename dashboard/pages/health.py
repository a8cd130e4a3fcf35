"""Whether the process answers, for whoever watches it."""

from starlette.responses import PlainTextResponse, Response

from dashboard.ask import Ask


def alive(_ask: Ask) -> Response:
    """It does. Says nothing of the node: it is open to anybody."""
    return PlainTextResponse("ok")
