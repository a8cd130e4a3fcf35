import errno
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from screening import failpoints
from screening.errors import ConfigurationError
from screening.failpoints import FaultInjected

STEP = "listener.before-write"


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    failpoints.start({})


def start(text: str) -> None:
    failpoints.start({failpoints.VARIABLE: text})


@pytest.mark.parametrize("environ", [{}, {failpoints.VARIABLE: ""}, {failpoints.VARIABLE: " "}])
def test_in_service_nothing_happens(environ: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    failpoints.start(environ)
    for step in failpoints.STEPS:
        failpoints.hit(step)
    assert not failpoints.active()
    assert failpoints.for_the_child() == {}
    assert not caplog.records


def test_a_process_with_faults_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        start(f"{STEP}:raise")
    assert "never in service" in caplog.text
    assert f"{STEP}:raise" in caplog.text
    assert failpoints.active()


@pytest.mark.parametrize(
    ("text", "wrong"), [("listener.nowhere:kill", "listener.nowhere"), (f"{STEP}:explode", "explode"), (STEP, "''")]
)
def test_what_there_is_not(text: str, wrong: str) -> None:
    with pytest.raises(ConfigurationError, match=wrong):
        start(text)


def test_only_the_named_step(caplog: pytest.LogCaptureFixture) -> None:
    start(f"{STEP}:raise, sender.after-status:eio")
    failpoints.hit("listener.mid-write")
    with pytest.raises(FaultInjected, match=STEP):
        failpoints.hit(STEP)
    with pytest.raises(OSError, match="Input/output") as caught:
        failpoints.hit("sender.after-status")
    assert caught.value.errno == errno.EIO


def test_a_full_disk() -> None:
    start(f"{STEP}:enospc")
    with pytest.raises(OSError, match="No space") as caught:
        failpoints.hit(STEP)
    assert caught.value.errno == errno.ENOSPC


def test_a_file_begins_and_ends_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "fault"
    start(f"@{file}")
    failpoints.hit(STEP)
    file.write_text(f"{STEP}:raise")
    for _ in range(2):
        with pytest.raises(FaultInjected):
            failpoints.hit(STEP)
    file.unlink()
    failpoints.hit(STEP)


def test_sleep_of_a_file_happens_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    file = tmp_path / "fault"
    file.write_text(f"{STEP}:sleep=0.25")
    start(f"@{file}")
    failpoints.hit(STEP)
    failpoints.hit(STEP)
    assert slept == [0.25]


def test_kill_is_sigkill(tmp_path: Path) -> None:
    file = tmp_path / "fault"
    file.write_text(f"{STEP}:kill")
    program = f"import os; from screening import failpoints as f; f.start(os.environ); f.hit({STEP!r})"
    environ = {**os.environ, failpoints.VARIABLE: f"@{file}"}
    first, second = (subprocess.run([sys.executable, "-c", program], env=environ, check=False) for _ in range(2))
    assert first.returncode == -signal.SIGKILL
    assert second.returncode == 0
    assert not file.exists()


def test_a_child_takes_its_worker_along(tmp_path: Path) -> None:
    program = (
        "import os, subprocess, sys; from screening import failpoints as f; f.start(os.environ);"
        f"subprocess.run([sys.executable, '-c', 'import os; from screening import failpoints as f;"
        f' f.start(os.environ); f.hit("{STEP}")\'], env={{**os.environ, **f.for_the_child()}}); print("alive")'
    )
    environ = {**os.environ, failpoints.VARIABLE: f"{STEP}:kill"}
    ended = subprocess.run([sys.executable, "-c", program], env=environ, check=False, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL
    assert "alive" not in ended.stdout
