"""What the models found, with what became of it: shadow results are those that a destination is held back from."""

from typing import Any

from starlette.responses import Response

from dashboard import result_fields
from dashboard.ask import Ask, NotFound, go_to, page
from dashboard.result_fields import FIELDS, UNKNOWN
from db import audit, deliveries, result_list
from db.engine import transaction
from db.result_list import LOOKED_AT, Answer, Page, Wanted, Way
from models import installed
from screening.card import Evidence

ON_A_PAGE = 50
AT_ONCE = 200  # objects released by one click


def show(ask: Ask) -> Response:
    """A page of results. That it was looked at is written down before it is shown."""
    wrong, which, begin = "", Wanted(), None
    try:
        which = result_fields.wanted(ask.query, ask.parts.settings)
        begin = result_fields.before(ask.query.get("before", ""))
    except ValueError as exc:
        wrong = str(exc)
    found = Page(lines=(), before=None, cut=False)
    with transaction(ask.parts.sessions, read_only=True) as s:
        held = result_list.held(s)
        if not wrong:
            found = result_list.listed(s, which, before=begin, limit=ON_A_PAGE)
    if found.lines:
        with transaction(ask.parts.sessions) as s:
            audit.record(s, actor=ask.user.name, action="view", subject="results", detail=_shown(found))
    settings = ask.parts.settings
    levels = installed.evidence_of(settings)
    values: dict[str, Any] = {
        "found": found, "wrong": wrong, "held": held, "first": begin is None, "looked_at": LOOKED_AT,
        "fields": {name: ask.query.get(name, "") for name in FIELDS},
        "levels": {key: level.value for key, level in levels.items()}, "unknown": UNKNOWN,
        "models": result_fields.models(ask.parts.settings), "evidence": list(Evidence),
        "answers": list(Answer), "ways": list(Way),
        "accepts": {item.name: item.accept_evidence for item in settings.destinations},
    }  # fmt: skip
    return page(ask, "results.html", status=422 if wrong else 200, **values)


def _shown(found: Page) -> str:
    return f"{len(found.lines)} of them, numbers {found.lines[-1].result_id} to {found.lines[0].result_id}"


def ask_release(ask: Ask) -> Response:
    """Ask once more before results that a destination does not accept are sent to it."""
    return _ask(ask, ask.query.get("destination", ""))


def release(ask: Ask) -> Response:
    """Let what is held for a destination go, the oldest objects first, so many at once as the page says."""
    name = ask.form.get("destination", "")
    if name not in _destinations(ask):
        return _ask(ask, name)
    if ask.form.get("sure", "").strip() != name:
        return _ask(ask, name, wrong="Write the destination's name to show that it is meant.")
    with transaction(ask.parts.sessions) as s:
        deliveries.release_held(s, name, ask.user.name, limit=AT_ONCE)
    return go_to("/results", way=Way.HELD.value)


def _destinations(ask: Ask) -> dict[str, tuple[Evidence, ...]]:
    return {item.name: item.accept_evidence for item in ask.parts.settings.destinations}


def _ask(ask: Ask, name: str, wrong: str = "") -> Response:
    accepts = _destinations(ask)
    if name not in accepts:
        raise NotFound("there is no such destination in the settings")
    with transaction(ask.parts.sessions, read_only=True) as s:
        number = result_list.held(s).get(name, 0)
    return page(
        ask, "results_release.html", status=422 if wrong else 200, wrong=wrong, destination=name, number=number,
        accepts=accepts[name], at_once=AT_ONCE,
    )  # fmt: skip
