"""A child begins here: `python -m worker.sandbox.confined LIMITS MODULE ARGUMENT...` gives up rights, then runs MODULE.

It imports the standard library alone until then: what the kernel takes away, it takes from this thread and those that
are started later, and numpy starts threads when it is imported.
"""

import ctypes
import importlib
import json
import os
import resource
import signal
import sys
from dataclasses import asdict, dataclass

from worker.sandbox import landlock, seccomp

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38

FILE_BYTES = 16 * 2**20
"""Of a file that a child may write: it has nothing to write but lines on stderr."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a child is left with."""

    memory_mb: int  #: address space; 0: no limit
    confined: bool = True  #: no network, programs, processes, writing
    cuda: bool = False  #: spares what CUDA's driver needs: sockets of its own, shared memory
    file_bytes: int = FILE_BYTES  #: largest file written; no limit with CUDA, whose shared memory counts
    writable: str | None = None  #: the one folder in which files may be made and removed
    open_files: int = 1024  #: slices are opened one after the other; CUDA opens some hundred devices and pipes


def command(limits: Limits, module: str, *arguments: str) -> list[str]:
    """The command line that runs a module confined."""
    return [sys.executable, "-m", "worker.sandbox.confined", json.dumps(asdict(limits)), module, *arguments]


def confine(limits: Limits) -> None:
    """Give up, for good, what a child does not need. What the kernel does not offer is left out."""
    _limit(resource.RLIMIT_CORE, 0)  # core files hold pixels and names
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    if limits.memory_mb:
        _limit(resource.RLIMIT_AS, limits.memory_mb * 2**20)
    if not limits.cuda:
        _limit(resource.RLIMIT_FSIZE, limits.file_bytes)
    libc = ctypes.CDLL(None, use_errno=True)
    _prctl(libc, _PR_SET_PDEATHSIG, signal.SIGKILL)  # also while a codec holds the interpreter's lock
    _prctl(libc, _PR_SET_NO_NEW_PRIVS, 1)
    if limits.confined:
        landlock.confine_files(cuda=limits.cuda, writable=limits.writable)
        seccomp.install(local_sockets=limits.cuda)


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    lowered = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (lowered, lowered))


def _prctl(libc: ctypes.CDLL, option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero)


def main() -> None:
    """Confine this process and go on as the module that was named."""
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 (nothing more is imported before)
        raise RuntimeError("a thread was started before this process was confined")
    confine(Limits(**json.loads(sys.argv[1])))
    sys.argv = sys.argv[2:]
    importlib.import_module(sys.argv[0]).main()


if __name__ == "__main__":
    main()
