"""Rings the broker's bell. A broker that is down costs time, never work: the reconciler rings again."""

import logging

from celery import Celery
from kombu.entity import Queue

from worker.celery_app import DELIVER_QUEUE

_log = logging.getLogger(__name__)

_PUBLISH = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2}


class Bell:
    """Publishes row numbers to the broker."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def screen(self, job_id: int, queue: str) -> bool:
        """Ring for a job; False when the broker does not answer."""
        return self._ring("screen", job_id, queue)

    def deliver(self, delivery_id: int) -> bool:
        """Ring for a delivery; False when the broker does not answer."""
        return self._ring("deliver", delivery_id, DELIVER_QUEUE)

    def depth(self, queue: str) -> int | None:
        """Messages waiting in a queue, None when the broker does not answer."""
        try:
            with self._app.connection_for_read() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=5)
                return int(Queue(queue, channel=connection.default_channel).queue_declare().message_count)
        except Exception as exc:  # noqa: BLE001 (every transport has its own errors)
            _log.warning("the broker does not answer: %s", type(exc).__name__)
            return None

    def _ring(self, task: str, row_id: int, queue: str) -> bool:
        try:
            self._app.send_task(task, args=[row_id], queue=queue, retry=True, retry_policy=_PUBLISH)
        except Exception as exc:  # noqa: BLE001 (every transport has its own errors; the row stays and is rung again)
            _log.warning("the broker does not answer: %s", type(exc).__name__)
            return False
        return True
