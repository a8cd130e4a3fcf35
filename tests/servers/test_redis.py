import pytest
import redis

from tests.servers.redis import RedisServer

pytestmark = pytest.mark.redis


def test_it_runs_as_production_does(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_what_was_answered_survives_a_crash(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.rpush("screen", 1, 2)
    port = redis_server.port
    redis_server.restart()
    assert redis_server.port == port
    with redis_server.client() as client:
        assert client.lrange("screen", 0, -1) == [b"1", b"2"]


def test_flush_loses_everything(redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        client.rpush("screen", 1)
        redis_server.flush()
        assert client.dbsize() == 0


def test_nobody_answers_after_a_kill(redis_server: RedisServer) -> None:
    redis_server.kill()
    with redis_server.client() as client, pytest.raises(redis.ConnectionError):
        client.ping()
    redis_server.kill()


def test_stop_and_start_again(redis_server: RedisServer) -> None:
    redis_server.stop()
    redis_server.start()
    with redis_server.client() as client:
        assert client.ping()


def test_a_port_in_use_is_an_error(redis_server: RedisServer) -> None:
    second = RedisServer(redis_server.folder)
    second.port = redis_server.port
    with redis_server.client() as client:
        identity = client.info("server")["run_id"]
    with pytest.raises(RuntimeError, match="redis-server did not start"):
        second.start()
    with redis_server.client() as client:
        assert client.info("server")["run_id"] == identity
