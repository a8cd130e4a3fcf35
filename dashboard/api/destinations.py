"""Destinations, for programs."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from dashboard.api.answers import answer
from dashboard.ask import Ask
from dashboard.destination_lines import Line, lines
from dashboard.pages.destinations import ask_now
from db import conditions, status
from db.engine import transaction
from dicom_node import echoing


def listed(ask: Ask) -> Response:
    """Each destination with its settings, what waits for it, its trouble and its last echo."""
    with transaction(ask.parts.sessions, read_only=True) as s:
        counts = status.counts(s)
        found = lines(s, ask.parts.settings, counts)
    return answer({"destinations": [_told(line, counts) for line in found]})


def echo(ask: Ask) -> Response:
    """C-ECHO a destination, now."""
    return answer(echoing.told(ask_now(ask)))


def _told(line: Line, counts: Mapping[str, Any]) -> dict[str, Any]:
    set_to = line.destination
    return {
        "name": line.name,
        "settings": None if set_to is None else set_to.model_dump(mode="json", exclude={"name"}),
        "deliveries": dict(line.states),
        "trouble": counts["conditions"].get(conditions.destination(line.name)),
        "left_alone": line.left_alone,
        "echo": echoing.told(line.echo),
    }
