"""The audit trail: who did what to what. A subject travels in the form's body: it may hold a UID."""

from collections.abc import Mapping

from starlette.responses import Response

from dashboard.ask import Ask, page
from dashboard.audit_looking import FIELDS, look

ON_A_PAGE = 100


def show(ask: Ask) -> Response:
    """A page of it, the newest lines first; an address may say who, what and when, but not to what."""
    return _page(ask, {**ask.query, "subject": ""})


def search(ask: Ask) -> Response:
    """The same, narrowed by the form."""
    return _page(ask, ask.form)


def _page(ask: Ask, fields: Mapping[str, str]) -> Response:
    wrong, looked = "", None
    try:
        looked = look(ask, fields, limit=ON_A_PAGE)
    except ValueError as exc:
        wrong = str(exc)
    return page(
        ask,
        "audit.html",
        status=422 if wrong else 200,
        wrong=wrong[:1].upper() + wrong[1:],
        found=None if looked is None else looked.found,
        unsound=set() if looked is None else looked.unsound,
        fields={name: fields.get(name, "") for name in FIELDS},
        first=not fields.get("before"),
    )
