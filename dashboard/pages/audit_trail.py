"""The audit trail: who did what to what. That it is read is reported (PS3.15 A.5.3.2, Audit Log Used)."""

import socket

from starlette.responses import Response

from dashboard.ask import Ask, NotFound, page
from db import audit, audit_messages
from db.engine import database_now, transaction
from dicom_node.audit.events import Reporter

ON_A_PAGE = 100


def show(ask: Ask) -> Response:
    """A page of it, the newest lines first."""
    text = ask.query.get("before", "")
    if text and not (text.isascii() and text.isdecimal() and len(text) < 18):
        raise NotFound("there is no such page")
    settings = ask.parts.settings
    with transaction(ask.parts.sessions) as s:
        lines = audit.newest(s, ON_A_PAGE + 1, before=int(text) if text else None)
        reporter = Reporter(ae_title=settings.node.ae_title, site=settings.audit.site)
        place = f"opportune://{socket.gethostname()}/audit"
        audit_messages.put(s, reporter.log_used(database_now(s), place).to_xml())
    shown = lines[:ON_A_PAGE]
    next_ = shown[-1].sequence if len(lines) > ON_A_PAGE else None
    return page(ask, "audit.html", lines=shown, next=next_, first=not text)
