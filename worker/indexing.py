"""Turns received files into indexed instances, or into a row that says why not."""

import logging

from db import instances
from db.engine import transaction
from db.instances import Received
from dicom_node.header import is_own_output, read_instance
from screening.errors import BadHeader, Retryable
from screening.types import Instance
from worker.faults import describe
from worker.ports import Ports

_log = logging.getLogger(__name__)


def index_received(ports: Ports, *, limit: int = 500) -> int:
    """Index what was received, oldest first; each file is a transaction of its own, and none stops the others.

    Returns
    -------
    int
        How many rows left the state `received`.

    Raises
    ------
    DatabaseUnavailable, SpoolUnavailable
        If the database or the spool does not answer; the rest is indexed later.
    """
    with transaction(ports.sessions) as session:
        waiting = instances.received(session, limit=limit)
    for row in waiting:
        try:
            _index(ports, row)
        except Retryable:
            raise
        except Exception as exc:  # noqa: BLE001 (what nobody foresaw must not hold up every file that came later)
            _log.error("instance row %d could not be indexed: %s", row.instance_id, describe(exc))
            with transaction(ports.sessions) as session:
                instances.unreadable(session, row.instance_id, "indexing-failed", describe(exc))
    return len(waiting)


def _index(ports: Ports, row: Received) -> None:
    try:
        instance = _read(ports, row)
    except BadHeader as exc:
        with transaction(ports.sessions) as session:
            instances.unreadable(session, row.instance_id, "bad-header", str(exc))
        _log.warning("instance row %d is unreadable: %s", row.instance_id, exc)
        return
    own = is_own_output(instance.header)
    with transaction(ports.sessions) as session:
        if own is not None:
            instances.own_output(session, row.instance_id, own)
            return
        state = instances.index(session, row.instance_id, instance)
    if state == "duplicate":
        ports.spool.remove(row.spool_name)
    elif state == "conflict":
        _log.warning("instance row %d conflicts with one received earlier; both are kept", row.instance_id)


def _read(ports: Ports, row: Received) -> Instance:
    path = ports.spool.path(row.spool_name)
    if not path.is_file():
        raise BadHeader("the received file is no longer in the spool; ask the sender to send it again")
    instance = read_instance(path, location=row.spool_name)
    if instance.sop_instance_uid != row.sop_instance_uid:
        raise BadHeader(
            "SOP Instance UID of the data set differs from the Affected SOP Instance UID of the C-STORE request; "
            "the sender mixes up instances"
        )
    return instance
