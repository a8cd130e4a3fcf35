"""The pictures of a result."""

from datetime import timedelta

from sqlalchemy.orm import Session
from starlette.responses import Response

from dashboard.ask import Ask, NotFound
from dashboard.pages.study import uid_of
from dashboard.picture import to_png
from db import audit, report_list, reports
from db.engine import database_now, transaction
from screening.errors import BadPixelData
from screening.reports import ObjectKind

_VIEW_SECONDS = 3600


def show(ask: Ask) -> Response:
    """One picture as PNG. Its page wrote down who looks at the study; who asks for it alone is written down here."""
    object_id = ask.values["object_id"]
    with transaction(ask.parts.sessions, read_only=True) as s:
        uid = uid_of(s, ask.values["study_id"])
        found = reports.objects(s, [object_id]).get(object_id)
        if found is None or found.kind is not ObjectKind.SC or report_list.study_of(s, object_id) != uid:
            raise NotFound("there is no such picture")
        seen = _is_told(ask, s, f"study {uid}")
    if not seen:
        with transaction(ask.parts.sessions) as s:
            audit.record(s, actor=ask.user.name, action="view", subject=f"study {uid}", detail=f"picture {found.role}")
    try:
        return Response(to_png(found.encoded), media_type="image/png")
    except BadPixelData as exc:
        raise NotFound(str(exc)) from exc


def _is_told(ask: Ask, s: Session, subject: str) -> bool:
    """Whether the line that the address names tells that this user looks at this study."""
    text = ask.query.get("line", "")
    line = audit.line(s, int(text)) if text.isascii() and text.isdecimal() and len(text) < 18 else None
    if line is None:
        return False
    lately = database_now(s) - line.at < timedelta(seconds=_VIEW_SECONDS)
    return lately and (line.actor, line.action, line.subject) == (ask.user.name, "view", subject)
