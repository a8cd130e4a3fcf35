"""What the tables of whole nodes have in common."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime


def machine() -> str:
    """What it ran on."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {platform.system()} {platform.machine()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}; one thread for each worker, sender and PACS double on the same cores"
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share does not exceed; linear between neighbours."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
