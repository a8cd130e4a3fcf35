"""What a child of this machine is kept from, as the doctor hears it."""

import subprocess

import pytest

from screening.settings import WorkerSettings
from worker.sandbox.confinement import kept_from


def test_a_child_finds_itself_kept_from_everything() -> None:
    found = kept_from(WorkerSettings())
    assert found == dict.fromkeys(
        ("network", "other programs' sockets", "programs", "processes", "signals", "writing"), True
    )


def test_with_confinement_switched_off_it_finds_so() -> None:
    assert not any(kept_from(WorkerSettings(confined=False)).values())


def test_a_child_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1, stdout=b""))
    with pytest.raises(OSError, match="does not answer"):
        kept_from(WorkerSettings())
