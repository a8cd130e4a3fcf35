"""Named points at which a test injects a fault. In service they do nothing.

OPPORTUNE_FAULT is read once, when a process starts: `step:action`, several separated by commas, or `@FILE`, a file that
holds the same and is looked at whenever a step is reached. An action of a file that kills or sleeps happens once: the
file is taken away first. The others happen as long as the file is there, so that a fault can end without a restart.

=================  ====================================================================================
`kill`             SIGKILL to this process; in the child that screens, to its worker as well
`raise`            FaultInjected, an exception that nobody expects
`sleep=SECONDS`    stands still
`enospc`, `eio`    what the operating system says when a disk is full, or broken
=================  ====================================================================================
"""

import errno
import logging
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from screening.errors import ConfigurationError

logger = logging.getLogger(__name__)

VARIABLE = "OPPORTUNE_FAULT"
WORKER_VARIABLE = "OPPORTUNE_FAULT_WORKER"
"""Tells the child that screens which worker a `kill` shall take with it."""

STEPS = (
    # the listener, for one object
    "listener.before-write",
    "listener.mid-write",
    "listener.before-fsync",
    "listener.after-fsync",
    "listener.after-commit",
    "listener.after-response",
    # the worker, for one job
    "worker.after-claim",
    "worker.mid-decode",
    "worker.mid-inference",
    "worker.before-commit",
    "worker.after-commit",
    "worker.after-publish",
    # the sender, for one batch
    "sender.before-association",
    "sender.mid-store",
    "sender.after-status",
    "sender.after-record",
    "sender.before-n-action",
    "sender.after-n-action",
    # the reconciler, between marking jobs and ringing for them
    "reconciler.after-mark",
    # in place of fsync's own answer
    "listener.fsync",
)

_ERRORS = {"enospc": errno.ENOSPC, "eio": errno.EIO}
_ACTIONS = ("kill", "raise", "sleep", *_ERRORS)


class FaultInjected(RuntimeError):
    """A failpoint raised it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Source:
    """Where the faults in force are written."""

    text: str
    worker: int | None  #: process number

    @property
    def file(self) -> Path | None:
        return Path(self.text[1:]) if self.text.startswith("@") else None

    def action(self, step: str) -> str | None:
        """The action of a step, None for nothing."""
        text = self.text
        if self.file is not None:
            try:
                text = self.file.read_text(encoding="utf-8")
            except FileNotFoundError:
                return None
        return parse(text).get(step)


_source: _Source | None = None


def start(environ: Mapping[str, str]) -> None:
    """Take the faults of the environment, or none; a process that has some says so in its log.

    Raises
    ------
    ConfigurationError
        If they name a step or an action that there is not.
    """
    global _source  # noqa: PLW0603 (a fault of the process, as its signals are)
    text = environ.get(VARIABLE, "").strip()
    if not text:
        _source = None
        return
    if not text.startswith("@"):
        parse(text)
    worker = environ.get(WORKER_VARIABLE)
    _source = _Source(text=text, worker=int(worker) if worker else None)
    logger.warning("%s = %s: this process injects faults; never in service", VARIABLE, text)


def active() -> bool:
    """Whether this process injects faults."""
    return _source is not None


def for_the_child() -> dict[str, str]:
    """The variables of a child that shall inject the same faults; none in service."""
    return {} if _source is None else {VARIABLE: _source.text, WORKER_VARIABLE: str(os.getpid())}


def hit(step: str) -> None:
    """Say that a step is reached."""
    if _source is not None:
        _inject(_source, step)


def parse(text: str) -> dict[str, str]:
    """Action by step.

    Raises
    ------
    ConfigurationError
        If it names a step or an action that there is not.
    """
    found = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        step, _, action = item.partition(":")
        if step not in STEPS:
            raise ConfigurationError(f"{VARIABLE}: there is no step {step!r}; there are {', '.join(STEPS)}")
        if action.partition("=")[0] not in _ACTIONS:
            raise ConfigurationError(f"{VARIABLE}: there is no action {action!r}; there are {', '.join(_ACTIONS)}")
        found[step] = action
    return found


def _inject(source: _Source, step: str) -> None:
    action = source.action(step)
    if action is None:
        return
    name, _, argument = action.partition("=")
    if source.file is not None and name in ("kill", "sleep"):
        source.file.unlink(missing_ok=True)
    if name == "kill":
        for process in (source.worker, os.getpid()):
            if process is not None:
                os.kill(process, signal.SIGKILL)
    elif name == "sleep":
        time.sleep(float(argument or 5))
    elif name == "raise":
        raise FaultInjected(step)
    else:
        raise OSError(_ERRORS[name], os.strerror(_ERRORS[name]))
