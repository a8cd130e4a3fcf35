"""Looking into the audit trail, for the page and for programs. That it is done is reported (PS3.15 A.5.3.2)."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.ask import Ask
from dashboard.narrowing import days
from db import audit_messages, audit_search
from db.audit_search import Found, Wanted
from db.engine import database_now, transaction
from dicom_node.audit.events import Reporter

FIELDS = ("actor", "action", "subject", "since", "until")

_DIGITS = 18  # of a number that both databases hold


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """What was found."""

    found: Found
    unsound: set[int]  #: numbers of lines that were changed


def look(ask: Ask, fields: Mapping[str, str], *, limit: int) -> Looked:
    """The lines that fields ask for. Raises ValueError, with words for who asks, when a field makes no sense."""
    since, until = days(fields)
    before = _number(fields.get("before", ""))
    wanted = Wanted(
        actor=fields.get("actor", "").strip(),
        action=fields.get("action", "").strip(),
        subject=fields.get("subject", "").strip(),
        since=since,
        until=until,
    )
    settings = ask.parts.settings
    with transaction(ask.parts.sessions) as s:
        found = audit_search.search(s, wanted, before=before, limit=limit)
        unsound = audit_search.unsound(s, found.entries)
        reporter = Reporter(ae_title=settings.node.ae_title, site=settings.audit.site)
        place = f"opportune://{socket.gethostname()}/audit"
        audit_messages.put(s, reporter.log_used(database_now(s), place).to_xml())
    return Looked(found=found, unsound=unsound)


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < _DIGITS):
        raise ValueError("there is no such page")
    return int(text)
