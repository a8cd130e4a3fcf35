"""How long a destination may be silent."""

from dicom_node.identity import Timeouts
from screening.settings import DeliverySettings


def timeouts_of(settings: DeliverySettings) -> Timeouts:
    """The time-outs that the settings ask for."""
    return Timeouts(
        acse=settings.acse_timeout,
        dimse=settings.dimse_timeout,
        network=settings.dimse_timeout,
        connect=settings.acse_timeout,
    )
