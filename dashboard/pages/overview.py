"""The first page: what is up, what waits, what needs somebody; and the switches that stop a part of the node."""

from collections import Counter
from typing import Any

from starlette.responses import Response

from dashboard.ask import Ask, page
from dashboard.destination_lines import lines
from dashboard.strip import strip
from db import pauses, processes, status, study_list
from db.engine import transaction
from db.pauses import Part

STATES = ("ready", "claimed", "retry_wait", "quarantined")


def show(ask: Ask, *, wrong: str = "") -> Response:
    """The page. wrong: what was wrong with a form of it."""
    with transaction(ask.parts.sessions, read_only=True) as s:
        paused = pauses.known(s)
    switches = [(part, paused.get(part), pauses.MEANING[part]) for part in Part]
    values = _values(ask) | {"switches": switches, "wrong": wrong}
    return page(ask, "overview.html", status=422 if wrong else 200, **values)


def now(ask: Ask) -> Response:
    """What of it changes, for the page to put in place every few seconds."""
    return page(ask, "overview_now.html", **_values(ask))


def _values(ask: Ask) -> dict[str, Any]:
    with transaction(ask.parts.sessions, read_only=True) as s:
        counts, running = status.counts(s), processes.known(s)
        destinations = lines(s, ask.parts.settings, counts)
        waiting = study_list.waiting_by_model(s)
    models = sorted({*waiting, *(name for name, model in ask.parts.settings.models.items() if model.enabled)})
    return {
        "strip": strip(counts, running, ask.parts.probes, destinations),
        "states": STATES,
        "queue": [(model, [waiting.get(model, Counter())[state] for state in STATES]) for model in models],
        "counts": counts,
        "destinations": destinations,
        "running": running,
    }
