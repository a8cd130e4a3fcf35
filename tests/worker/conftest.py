"""Fixtures of the worker's tests."""

from pathlib import Path
from typing import Any

import pytest

from tests.worker.fake_registry import FakeRegistry
from tests.worker.ports import make_ports
from worker.ports import Ports


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> FakeRegistry:
    """One made-up model that chooses whatever comes."""
    fake = FakeRegistry()
    fake.install(monkeypatch)
    return fake


@pytest.fixture
def ports(tmp_path: Path) -> Ports:
    """Ports on an empty SQLite database."""
    return make_ports(tmp_path)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Ports:
    """Ports on an empty database, on each of the two: for what depends on locks, keys and transactions."""
    changes: dict[str, Any] = {}
    if request.param == "postgres":
        changes["database_url"] = request.getfixturevalue("postgres_url")
    return make_ports(tmp_path, **changes)
