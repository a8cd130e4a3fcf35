"""Where results go: each destination with its settings, what waits for it, and whether it answers when it is asked."""

from starlette.responses import Response

from dashboard.ask import Ask, NotFound, go_to, page
from dashboard.destination_lines import lines
from db import echoes, status
from db.echoes import Echo
from db.engine import transaction
from dicom_node import echoing

LATELY = 10
"""Earlier echoes that are shown of each."""


def show(ask: Ask) -> Response:
    """The page."""
    with transaction(ask.parts.sessions, read_only=True) as s:
        found = lines(s, ask.parts.settings, status.counts(s))
        earlier = {line.name: echoes.of_destination(s, line.name, LATELY) for line in found if line.echo is not None}
    return page(ask, "destinations.html", lines=found, earlier=earlier, ours=ask.parts.settings.node.ae_title)


def echo(ask: Ask) -> Response:
    """C-ECHO a destination, now."""
    ask_now(ask)
    return go_to("/destinations")


def ask_now(ask: Ask) -> Echo:
    """C-ECHO the destination that the path names; NotFound for one that the settings do not have."""
    settings = ask.parts.settings
    destination = settings.destination(ask.values["name"])
    if destination is None:
        raise NotFound("there is no such destination in the settings")
    return echoing.ask_and_keep(settings, ask.parts.sessions, destination, ask.user.name)
