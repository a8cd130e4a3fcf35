"""Messages carry the number of a row, and nothing else is taken from the queue."""

import pytest
from celery import Celery

from screening.settings import Settings, load
from worker.celery_app import make_app


def _app(done: list[int], settings: Settings | None = None) -> Celery:
    return make_app(settings or Settings(), screen=done.append, deliver=done.append)


def test_a_task_hands_the_number_to_the_work() -> None:
    done: list[int] = []
    _app(done).tasks["screen"](7)
    assert done == [7]


@pytest.mark.parametrize("message", ["7", 7.0, True, 0, -1, None, {"id": 7}, [7], "__import__('os')"])
def test_anything_else_on_the_queue_has_no_effect(message: object) -> None:
    done: list[int] = []
    with pytest.raises(ValueError, match="number of a row"):
        _app(done).tasks["screen"](message)
    assert done == []


def test_the_broker_holds_no_results_and_reads_json_only() -> None:
    conf = _app([]).conf
    assert conf.result_backend is None
    assert conf.task_ignore_result
    assert conf.accept_content == ["json"]
    assert conf.task_acks_late
    assert conf.worker_prefetch_multiplier == 1


def test_redis_redelivery_is_later_than_any_job_may_take() -> None:
    settings = load({"OPPORTUNE_BROKER_URL": "redis://127.0.0.1:1/0"})
    conf = _app([], settings).conf
    assert conf.broker_transport_options["visibility_timeout"] > settings.worker.job_timeout_seconds
    assert not conf.worker_cancel_long_running_tasks_on_connection_loss
