"""Who holds a lease: named so that a process that starts can tell which holders on its host are dead.

A dead worker's lease ends by itself; this only spares the wait when the worker is restarted on the same host.
"""

import os
import socket
import uuid

from sqlalchemy.orm import Session

from db import deliveries, jobs


def owner_name() -> str:
    """A name for this process as holder of leases: host, process number, and what tells it from an earlier one."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def release_the_dead(session: Session) -> int:
    """Take back what processes of this host hold that are no longer there. Returns how many rows.

    A process number that was given to another process since counts as alive: its lease ends by itself.
    """
    owners = {owner for owner in jobs.lease_owners(session) | deliveries.lease_owners(session) if _is_dead(owner)}
    return sum(jobs.release_owner(session, owner) + deliveries.release_owner(session, owner) for owner in owners)


def _is_dead(owner: str) -> bool:
    host, _, rest = owner.partition(":")
    number = rest.partition(":")[0]
    if host != socket.gethostname() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
