"""Whether this host sees the spool of its node: the one whose owner file names the node's database.

The listener marks the spool that it writes to. A worker waits until it sees that one, the reconciler sweeps no other.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from db import spools
from db.engine import Sessions, transaction
from dicom_node.spool_owner import owner_file, read_owner, write_owner
from screening.errors import ConfigurationError, SpoolUnavailable
from worker.ports import Ports

_log = logging.getLogger(__name__)

_PAUSE_SECONDS = 2.0


def claim(ports: Ports) -> None:
    """Mark the spool as this node's; for who writes to it. A disk that takes no file is told, and marked another time.

    Raises
    ------
    ConfigurationError
        If it is another node's.
    """
    with transaction(ports.sessions) as session:
        token = spools.token(session)
    root = ports.settings.spool
    try:
        owner = read_owner(root)
        if owner is None:
            write_owner(root, token)
            return
    except SpoolUnavailable as exc:  # results go out all the same
        _log.error("%s; start the listener again when the disk is mended", exc)
        return
    if owner != token:
        raise ConfigurationError(
            f"{owner_file(root)} says that this spool belongs to another database: check home and database_url; if"
            " the spool shall go with this database from now on, remove that file"
        )


def trouble(sessions: Sessions, root: Path) -> str | None:
    """Why this host does not see the spool of its node, None when it does."""
    with transaction(sessions, read_only=True) as session:
        token = spools.known_token(session)
    if token is None:
        return "no listener has started on this database yet"
    owner = read_owner(root)
    if owner is None:
        return f"{owner_file(root)} is missing: this is not the spool that the listener writes to; mount that one here"
    if owner != token:
        return f"{owner_file(root)} names another database: this is the spool of another node"
    return None


def when_seen(ports: Ports, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait until this host sees the spool; every vain look is logged."""
    while (why := trouble(ports.sessions, ports.settings.spool)) is not None:
        _log.warning("waiting for the spool: %s", why)
        sleep(_PAUSE_SECONDS)
