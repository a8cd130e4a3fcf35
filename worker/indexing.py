"""Turns received files into indexed instances, or into a row that says why not."""

import logging
from collections.abc import Iterable

from sqlalchemy.orm import Session

from db import instances
from db.engine import transaction
from db.instances import Received
from dicom_node.header import is_own_output, read_instance
from screening.errors import BadHeader, Retryable, SpoolUnavailable
from screening.faults import describe
from screening.types import Instance
from worker.ports import Ports

_log = logging.getLogger(__name__)


def index_received(ports: Ports, failing: set[int] | None = None, *, limit: int = 500) -> int:
    """Index what was received, oldest first; each file is a transaction of its own, and none stops the others.

    Parameters
    ----------
    failing
        Numbers of rows whose file the disk does not give back. They are not tried, and more of them are added here;
        they stay `received`.

    Returns
    -------
    int
        How many rows left the state `received`.

    Raises
    ------
    DatabaseUnavailable
        If the database does not answer; the rest is indexed later.
    """
    failing = set() if failing is None else failing
    with transaction(ports.sessions) as session:
        waiting = [row for row in instances.received(session, limit=limit) if row.instance_id not in failing]
    settled = 0
    for row in waiting:
        try:
            _index(ports, row)
        except SpoolUnavailable as exc:
            _log.warning("instance row %d waits: %s", row.instance_id, exc)
            failing.add(row.instance_id)
            continue
        except Retryable:
            raise
        except Exception as exc:  # noqa: BLE001 (what nobody foresaw must not hold up every file that came later)
            _log.error("instance row %d could not be indexed: %s", row.instance_id, describe(exc))
            with transaction(ports.sessions) as session:
                instances.unreadable(session, row.instance_id, "indexing-failed", describe(exc))
        settled += 1
    return settled


def give_up(ports: Ports, instance_ids: Iterable[int]) -> None:
    """Settle files that the disk did not give back again and again: nobody knows to which study they belong.

    While one of them waits, no study is taken in: it may be part of any.
    """
    reason = "the disk does not give the received file back; it is kept; mend the disk and have it sent again"
    for instance_id in instance_ids:
        with transaction(ports.sessions) as session:
            instances.unreadable(session, instance_id, "spool-error", reason)
        _log.error("instance row %d: %s", instance_id, reason)


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
        _make_way(ports, session, instance.sop_instance_uid)
        state = instances.index(session, row.instance_id, instance)
    if state == "duplicate":
        ports.spool.remove(row.spool_name)
    elif state == "conflict":
        _log.warning("instance row %d conflicts with one received earlier; both are kept", row.instance_id)


def _make_way(ports: Ports, session: Session, sop_instance_uid: str) -> None:
    """Let a copy that comes again take the place of one whose file is not whole.

    A power cut can leave the row of an object without its file: its sender never heard of Success, and sends it again.
    """
    earlier = instances.kept_copy(session, sop_instance_uid)
    if earlier is None:
        return
    name, size = earlier
    try:
        whole = ports.spool.path(name).stat().st_size == size
    except FileNotFoundError:
        whole = False
    except OSError as exc:
        raise SpoolUnavailable(f"cannot find a stored file: {exc.strerror}") from exc
    if not whole:
        instances.withdraw(session, name, "its file is missing or not whole; a copy that came later takes its place")


def _read(ports: Ports, row: Received) -> Instance:
    path = ports.spool.path(row.spool_name)
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise BadHeader("the received file is no longer in the spool; ask the sender to send it again") from None
    except OSError as exc:
        raise SpoolUnavailable(f"cannot find a stored file: {exc.strerror}") from exc
    if size != row.size:  # a power cut fell between row and file
        raise BadHeader(
            f"the received file has {size} of {row.size} bytes; its sender was never told that it was stored, and "
            "sends it again"
        )
    instance = read_instance(path, location=row.spool_name)
    if instance.sop_instance_uid != row.sop_instance_uid:
        raise BadHeader(
            "SOP Instance UID of the data set differs from the Affected SOP Instance UID of the C-STORE request; "
            "the sender mixes up instances"
        )
    return instance
