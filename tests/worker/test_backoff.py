"""Waiting between tries doubles up to its cap."""

from datetime import UTC, datetime

from screening.settings import DeliverySettings
from worker.backoff import backoff


def test_backoff_doubles_to_its_cap_with_jitter() -> None:
    settings = DeliverySettings(backoff_base=5, backoff_cap=900)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for attempt, most in ((1, 5), (2, 10), (3, 20), (9, 900), (500, 900)):
        seconds = (backoff(settings, attempt, at) - at).total_seconds()
        assert 0.75 * most <= seconds <= most
