"""A bundle is tried in a process of its own, whose every ending is an answer."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from models import registry
from screening.errors import BundleRefused
from screening.settings import WorkerSettings
from worker.sandbox import probe as module
from worker.sandbox.probe import probe

NAME = "cap_mortality_cxr"
ONE_THREAD = WorkerSettings(threads=1)

Play = Callable[[bytes, int], None]


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Plays a child: what it says and how it ends."""

    def play(said: bytes, status: int = 0) -> None:
        monkeypatch.setattr(
            subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, status, stdout=said)
        )

    return play


def test_the_shipped_weights_make_a_probability() -> None:
    value = probe(ONE_THREAD, NAME, registry.bundle(NAME))
    assert 0 < value < 1
    assert value == registry.load(NAME, device="cpu").probe()


def test_what_the_child_cannot_load_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match=r"^the weights cannot be used: model card .* cannot be read") as caught:
        probe(ONE_THREAD, NAME, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_child_without_memory_is_no_crash_here(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match=r"the weights (took down the process|cannot be used)"):
        probe(WorkerSettings(threads=1, memory_limit_mb=300), NAME, registry.bundle(NAME))


def test_the_last_line_counts(child: Play) -> None:
    child(b'a library greets\n{"probability": 0.25}\n', 0)
    assert probe(ONE_THREAD, NAME, Path()) == 0.25


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-0.1", "1.5", '"0.5"', "null", "true", "[0.5]"])
def test_what_is_no_probability_is_refused(child: Play, value: str) -> None:
    child(f'{{"probability": {value}}}\n'.encode(), 0)
    with pytest.raises(BundleRefused, match=r"for a made-up picture: no probability; train them anew$"):
        probe(ONE_THREAD, NAME, Path())


@pytest.mark.parametrize(
    ("said", "status", "how"), [(b"", -11, "signal 11"), (b"x", 1, "exit status 1"), (b"[1]", 0, "exit status 0")]
)
def test_a_child_that_dies_or_babbles_is_told(child: Play, said: bytes, status: int, how: str) -> None:
    child(said, status)
    with pytest.raises(BundleRefused, match=rf"took down the process that tried them \({how}\)"):
        probe(ONE_THREAD, NAME, Path())


def test_what_a_hostile_file_makes_the_child_say_cannot_steer_a_terminal(child: Play) -> None:
    child(json.dumps({"failure": "a\x1b[31m\nb" + "x" * 1000}).encode(), 0)
    with pytest.raises(BundleRefused, match=r"cannot be used: a\?\[31m\?bx{1,300}$"):
        probe(ONE_THREAD, NAME, Path())


def test_a_child_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.01)
    with pytest.raises(BundleRefused, match=r"without an answer"):
        probe(ONE_THREAD, NAME, registry.bundle(NAME))


def test_the_child_is_told_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, str] = {}

    def run(command: list[str], *, env: dict[str, str], **_: object) -> subprocess.CompletedProcess[bytes]:
        told.update(env)
        return subprocess.CompletedProcess(command, 0, stdout=b'{"probability": 0.5}')

    monkeypatch.setenv("OPPORTUNE_DATABASE_URL", "postgresql://u:s3cret@db/o")
    monkeypatch.setattr(subprocess, "run", run)
    probe(ONE_THREAD, NAME, Path())
    assert "PATH" in told
    assert not [name for name in told if name.startswith("OPPORTUNE_")]
