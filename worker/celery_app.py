"""The Celery app: two tasks that carry a number, on Redis or in process.

The database row is the truth and a message only rings a bell: tasks have no result, no retry and no countdown.
"""

from collections.abc import Callable

from celery import Celery

from screening.settings import Settings

DELIVER_QUEUE = "deliver"

Work = Callable[[int], None]

_TRANSPORT_OPTIONS = {
    # Longer than any job, since a lease, not the broker, gives lost work back.
    "visibility_timeout": 6 * 3600,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "unacked_restore_throttle": 1,
}


def make_app(settings: Settings, *, screen: Work, deliver: Work) -> Celery:
    """A Celery app with the tasks `screen(job_id)` and `deliver(delivery_id)`.

    Each worker thread needs an app of its own: an app's queues are what its worker consumes.
    """
    # kombu asks for a host name even where there is none
    broker = "memory://localhost" if settings.embedded else settings.broker
    app = Celery("opportune", broker=broker, set_as_current=False)
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,  # safe: the claim caps the attempts
        task_ignore_result=True,
        result_backend=None,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_concurrency=1,
        worker_pool="solo",
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={"polling_interval": 0.1} if settings.embedded else _TRANSPORT_OPTIONS,
    )
    app.task(_numbered(screen), name="screen", shared=False)
    app.task(_numbered(deliver), name="deliver", shared=False)
    return app


def _numbered(work: Work) -> Work:
    """The work, for a message whose content is a positive number; anything else on the queue is not ours."""

    def task(row_id: int) -> None:
        if type(row_id) is not int or row_id < 1:
            raise ValueError("a message must hold the number of a row")
        work(row_id)

    return task
