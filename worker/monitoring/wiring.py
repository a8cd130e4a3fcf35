"""The metrics server of a node's settings and database."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from db.engine import Sessions
from screening.errors import ScreeningError
from screening.settings import Settings
from worker.monitoring import metrics
from worker.monitoring.health import readiness
from worker.monitoring.server import MetricsServer, answering


@contextmanager
def telling(settings: Settings, sessions: Sessions) -> Iterator[int]:
    """Answer on `metrics.bind` and `metrics.port` for the length of the block; the port.

    Raises
    ------
    ScreeningError
        If the port cannot be had.
    """
    section = settings.metrics
    try:
        server = MetricsServer(
            (section.bind, section.port),
            metrics=partial(metrics.text, settings, sessions),
            readiness=partial(readiness, settings, sessions),
        )
    except OSError as exc:
        where = f"{section.bind}:{section.port}"
        raise ScreeningError(f"cannot listen on {where}: {exc.strerror}; see metrics.bind and metrics.port") from exc
    with answering(server) as port:
        yield port
