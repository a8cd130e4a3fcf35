"""A broker that is down costs time, never work."""

import pytest

from screening.settings import Settings, load
from tests.servers.redis import RedisServer
from worker.bell import Bell
from worker.celery_app import make_app


def _bell(settings: Settings) -> Bell:
    def work(row_id: int) -> None:
        raise AssertionError("publishes only")

    return Bell(make_app(settings, screen=work, deliver=work))


def test_in_process_messages_wait_in_their_queue() -> None:
    bell = _bell(Settings())
    before = bell.depth("bell-test")
    assert bell.screen(1, "bell-test")
    assert bell.screen(2, "bell-test")
    assert (before, bell.depth("bell-test")) == (0, 2)


@pytest.mark.redis
def test_messages_wait_in_redis_and_carry_a_number_only(redis_server: RedisServer) -> None:
    bell = _bell(load({"OPPORTUNE_BROKER_URL": redis_server.url}))
    assert bell.screen(41, "screen")
    assert bell.deliver(42)
    assert (bell.depth("screen"), bell.depth("deliver")) == (1, 1)
    redis_server.flush()
    assert bell.depth("screen") == 0


@pytest.mark.redis
def test_a_broker_that_is_down_is_told_not_raised(redis_server: RedisServer) -> None:
    bell = _bell(load({"OPPORTUNE_BROKER_URL": redis_server.url}))
    redis_server.kill()
    assert not bell.screen(1, "screen")
    assert bell.depth("screen") is None
    redis_server.start()
    assert bell.screen(1, "screen")
    assert bell.depth("screen") == 1
