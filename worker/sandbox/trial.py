"""Tries what a child must not be able to do: `python -m worker.sandbox.confined LIMITS worker.sandbox.trial FOLDER`."""

import errno
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path


def main() -> None:
    """Try each, say on stdout which were prevented."""
    folder = Path(sys.argv[1])
    tries: dict[str, Callable[[], object]] = {
        "network": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
        "other programs' sockets": _connect,
        "programs": lambda: os.execv("/nowhere", ["nowhere"]),  # noqa: S606 (without a filter: no such file)
        "processes": _fork,
        "signals": lambda: os.kill(os.getppid(), 0),
        "writing": (folder / "written").touch,
    }
    print(json.dumps({what: _prevented(attempt) for what, attempt in tries.items()}))  # noqa: T201 (read by the parent)


def _prevented(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError as exc:
        return exc.errno in (errno.EACCES, errno.EPERM)
    return False


def _connect() -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.connect("\0nobody listens here")


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)
