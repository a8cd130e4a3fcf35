"""Fixtures of the command line's tests: a working directory of one's own, a made-up model, a log left as it was."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.worker.fake_registry import FakeRegistry
from tests.worker.ports import make_ports
from worker.ports import Ports

Configure = Callable[[str], None]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: FakeRegistry) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Commands set up logging for their process."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """Writes the settings file that commands read."""

    def write(text: str) -> None:
        (tmp_path / "opportune.toml").write_text(text, encoding="utf-8")

    return write


@pytest.fixture
def node(tmp_path: Path) -> Ports:
    """The parts of a node whose database is the one that commands open."""
    return make_ports(tmp_path / "opportune-data")
