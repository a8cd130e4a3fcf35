"""How much room the spool's disk has, and whether objects are taken."""

import shutil
from collections.abc import Mapping
from typing import Any

from db.conditions import SPOOL
from screening.settings import Settings


def look(settings: Settings, conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Free space and the limit, MB, and whether the listener takes objects. conditions: as `db.status` counts them."""
    folder = settings.spool if settings.spool.is_dir() else settings.home
    free, least = shutil.disk_usage(folder).free // 2**20, settings.node.minimum_free_mb
    failed = conditions.get(SPOOL, {}).get("detail")
    return {
        "free_mb": free,
        "minimum_free_mb": least,
        "accepting": free >= least and failed is None,
        "failed": failed,
    }
