"""Stopping parts of the node and letting them go on, for programs."""

from starlette.responses import Response

from dashboard.api.answers import answer, refuse
from dashboard.ask import Ask
from dashboard.pages.pauses import part_of
from db import pauses
from db.engine import transaction


def stop(ask: Ask) -> Response:
    """Pause a part; `why` is asked for. done is False for one that was paused before."""
    part, why = part_of(ask), ask.form.get("why", "").strip()
    if not why:
        return refuse(422, f"why must say why {part.value} is paused")
    with transaction(ask.parts.sessions) as s:
        done = pauses.pause(s, part, who=ask.user.name, why=why)
    return answer({"done": done})


def go_on(ask: Ask) -> Response:
    """Let a part go on. done is False for one that was not paused."""
    part = part_of(ask)
    with transaction(ask.parts.sessions) as s:
        done = pauses.resume(s, part, who=ask.user.name, why=ask.form.get("why", ""))
    return answer({"done": done})
