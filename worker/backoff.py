"""When to try again."""

import random
from datetime import datetime, timedelta

from screening.settings import DeliverySettings


def backoff(settings: DeliverySettings, attempt: int, at: datetime) -> datetime:
    """The moment of the next try: base * 2^(attempt - 1) seconds later, capped, less up to a quarter of jitter."""
    seconds = min(settings.backoff_cap, settings.backoff_base * 2 ** min(attempt - 1, 30))
    return at + timedelta(seconds=seconds * random.uniform(0.75, 1.0))  # noqa: S311 (jitter is no secret)
