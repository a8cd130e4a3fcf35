"""The table of studies. A search text travels in the form's body: addresses are remembered, and must name nobody."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from dashboard.ask import Ask, page
from dashboard.narrowing import mark, place, wanted
from db import study_list
from db.engine import transaction
from db.study_list import StudyLine, Wanted
from screening.jobs import JobState

ON_A_PAGE = 50


def show(ask: Ask) -> Response:
    """The newest studies, narrowed by what stands in the address: state, model, days."""
    return _page(ask, {**ask.query, "text": ""})


def search(ask: Ask) -> Response:
    """The same, narrowed by the form, which may hold an Accession Number or a UID."""
    return _page(ask, ask.form)


def _page(ask: Ask, fields: Mapping[str, str]) -> Response:
    wrong, which, after = "", Wanted(), None
    try:
        which, after = wanted(fields), place(fields.get("after", ""))
    except ValueError as exc:
        wrong = str(exc)
    found: list[StudyLine] = []
    if not wrong:
        with transaction(ask.parts.sessions, read_only=True) as s:
            found = study_list.listed(s, which, after=after, limit=ON_A_PAGE + 1)
    shown = found[:ON_A_PAGE]
    values: dict[str, Any] = {
        "studies": shown,
        "wrong": wrong,
        "fields": {name: fields.get(name, "") for name in ("text", "state", "model", "since", "until")},
        "next": mark(shown[-1]) if len(found) > ON_A_PAGE else "",
        "first": after is None,
        "states": [state.value for state in JobState],
        "models": sorted(ask.parts.settings.models),
    }
    return page(ask, "studies.html", status=422 if wrong else 200, **values)
