"""The first page: what is up, what waits, what needs somebody."""

from collections import Counter
from typing import Any

from starlette.responses import Response

from dashboard.ask import Ask, page
from dashboard.strip import strip
from db import conditions, processes, status, study_list
from db.conditions import Condition
from db.engine import transaction

STATES = ("ready", "claimed", "retry_wait", "quarantined")


def show(ask: Ask) -> Response:
    """The page."""
    return page(ask, "overview.html", **_values(ask))


def now(ask: Ask) -> Response:
    """What of it changes, for the page to put in place every few seconds."""
    return page(ask, "overview_now.html", **_values(ask))


def _values(ask: Ask) -> dict[str, Any]:
    with transaction(ask.parts.sessions, read_only=True) as s:
        counts, running = status.counts(s), processes.known(s)
        wrong = {item.subject: item for item in conditions.known(s)}
        waiting = study_list.waiting_by_model(s)
    models = sorted({*waiting, *(name for name, model in ask.parts.settings.models.items() if model.enabled)})
    return {
        "strip": strip(counts, running, ask.parts.probes),
        "states": STATES,
        "queue": [(model, [waiting.get(model, Counter())[state] for state in STATES]) for model in models],
        "counts": counts,
        "destinations": _destinations(ask, counts, wrong),
        "running": running,
    }


def _destinations(ask: Ask, counts: dict[str, Any], wrong: dict[str, Condition]) -> list[dict[str, Any]]:
    """One line for each destination of the settings, and for each that results still wait for."""
    names = dict.fromkeys([item.name for item in ask.parts.settings.destinations])
    names |= dict.fromkeys(counts["deliveries"])
    return [
        {
            "name": name,
            "trouble": wrong.get(conditions.destination(name)),
            "known": name in {item.name for item in ask.parts.settings.destinations},
            "states": counts["deliveries"].get(name, {}),
        }
        for name in names
    ]
