"""What is beside the database."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from dashboard import probes
from dashboard.probes import Probes
from screening.settings import Settings
from tests.servers.redis import RedisServer


def _settings(home: Path, url: str | None = "redis://:secret@localhost:1/0") -> Settings:
    return Settings(home=home, broker_url=None if url is None else SecretStr(url))


def test_a_broker_in_the_process_answers(tmp_path: Path) -> None:
    found = Probes(_settings(tmp_path, None)).broker()
    assert (found.ok, found.detail) == (True, "in this process")


def test_a_broker_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    found = Probes(_settings(tmp_path)).broker()
    assert not found.ok
    assert "ConnectionError" in found.detail
    assert "secret" not in found.detail


def test_what_was_found_is_remembered_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    found = Probes(_settings(tmp_path), asked.append)
    assert found.broker().ok
    assert found.broker().ok
    assert len(asked) == 1
    monkeypatch.setattr(probes, "_SECONDS", -1.0)
    assert found.broker().ok
    assert len(asked) == 2


@pytest.mark.redis
def test_redis_answers(tmp_path: Path, redis_server: RedisServer) -> None:
    assert Probes(_settings(tmp_path, redis_server.url)).broker().ok


def test_the_disk_is_told(tmp_path: Path) -> None:
    assert Probes(_settings(tmp_path)).disk({})["free_mb"] > 0
