"""The switches of the overview: a part of the node is stopped for a reason, and let go on."""

from starlette.responses import Response

from dashboard.ask import Ask, NotFound, go_to
from dashboard.pages import overview
from db import pauses
from db.engine import transaction
from db.pauses import Part


def stop(ask: Ask) -> Response:
    """Pause a part. One that somebody else has paused already stays as it is."""
    part = part_of(ask)
    why = ask.form.get("why", "").strip()
    if not why:
        return overview.show(ask, wrong=f"Say why {part.value} is paused: it is kept in the audit trail.")
    with transaction(ask.parts.sessions) as s:
        pauses.pause(s, part, who=ask.user.name, why=why)
    return go_to("/")


def go_on(ask: Ask) -> Response:
    """Let a part go on."""
    part = part_of(ask)
    with transaction(ask.parts.sessions) as s:
        pauses.resume(s, part, who=ask.user.name, why=ask.form.get("why", ""))
    return go_to("/")


def part_of(ask: Ask) -> Part:
    """The part that the path names; NotFound for another word."""
    if ask.values["part"] not in set(Part):
        raise NotFound("there is no such part of the node")
    return Part(ask.values["part"])
