"""Settings become time-outs."""

from screening.settings import DeliverySettings
from worker.timeouts import timeouts_of


def test_each_setting_is_used() -> None:
    found = timeouts_of(DeliverySettings(acse_timeout=3, dimse_timeout=7))
    assert (found.acse, found.connect, found.dimse, found.network) == (3, 3, 7, 7)
