"""Removes received files that have served (`db.retention`): rows first, then files: no row names a lost one."""

from datetime import datetime, timedelta

from db import retention
from db.engine import Sessions, transaction
from db.retention import Served
from dicom_node.spool import Spool
from screening.settings import Settings


def served(settings: Settings, sessions: Sessions, days: float, now: datetime) -> list[Served]:
    """Studies whose files may go."""
    with transaction(sessions, read_only=True) as session:
        return retention.served(session, before=now - timedelta(days=days), unconfirmed=_unconfirmed(settings))


def purge(
    settings: Settings, sessions: Sessions, spool: Spool, who: str, *, days: float, now: datetime
) -> list[Served]:
    """Remove them; what was removed. Each study is a transaction of its own.

    A file that is still there after a crash is removed by the reconciler's sweep: no row asks for it.
    """
    done = []
    before, unconfirmed = now - timedelta(days=days), _unconfirmed(settings)
    for study in served(settings, sessions, days, now):
        with transaction(sessions) as session:
            names = retention.purge(session, study.study_instance_uid, who, before=before, unconfirmed=unconfirmed)
        for name in names:
            spool.remove(name)
        if names:
            done.append(study)
    return done


def _unconfirmed(settings: Settings) -> list[str]:
    return [item.name for item in settings.destinations if item.commitment == "none"]
