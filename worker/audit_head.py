"""The head of the audit trail, kept where the database cannot change it: in a file of this host, and in the log.

Whoever may write the database can cut lines off its audit trail, or make the chain anew; not without contradicting a
head that is known elsewhere.
"""

import json
import logging
import os
from pathlib import Path

from db import audit
from db.audit_chain import Head
from db.engine import transaction
from screening.errors import SpoolUnavailable
from screening.settings import Settings
from worker.ports import Ports

_log = logging.getLogger(__name__)


def path_of(settings: Settings) -> Path:
    """The file of the remembered head."""
    return settings.home / "audit-head.json"


def remembered(settings: Settings) -> Head | None:
    """The head in the file, None if there is none yet.

    Raises
    ------
    SpoolUnavailable
        If the file cannot be read, or holds no head.
    """
    path = path_of(settings)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Head(sequence=int(values["sequence"]), digest=str(values["digest"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise SpoolUnavailable(f"the remembered head of the audit trail, {path}, cannot be read") from exc


def remember(ports: Ports) -> None:
    """Keep the trail's present head if the one kept before is still in it; else say so, and keep the old one."""
    known = remembered(ports.settings)
    with transaction(ports.sessions, read_only=True) as session:
        head = audit.head(session)
        found = None if known is None else audit.digest_at(session, known.sequence)
    if known is not None and found != known.digest:
        _log.error("the audit trail lacks its line %d as remembered: run `opportune audit verify`", known.sequence)
    elif head is not None and head != known:
        _write(path_of(ports.settings), head)
        _log.info("the audit trail's head is line %d, digest %s", head.sequence, head.digest)


def _write(path: Path, head: Head) -> None:
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump({"sequence": head.sequence, "digest": head.digest}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as exc:
        raise SpoolUnavailable(f"the head of the audit trail cannot be kept in {path}: {exc.strerror}") from exc
