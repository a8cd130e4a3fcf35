"""Files (Landlock, Linux 5.13 and later): this process may go on reading, but not secrets, and change nothing.

Through system calls by number, so that no library is needed; the kernel asks for no privilege. It holds for the
calling thread, those it starts later and for good.
"""

import ctypes
import os
import struct
from collections.abc import Iterable

# the same numbers on every machine: Documentation/userspace-api/landlock.rst
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1

_READ_FILE = 1 << 2
_WRITE_FILE, _REMOVE_FILE, _MAKE_REGULAR, _TRUNCATE = 1 << 1, 1 << 5, 1 << 8, 1 << 14
_MAKE_AND_REMOVE = _REMOVE_FILE | _MAKE_REGULAR | 1 << 4 | 1 << 7  # the last two: folders
_CHANGES = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))  # writing; removing and making anything
_TRUNCATE_SINCE = 3  # version of Landlock


_SECRETS = "run"
"""Below the root: /run/secrets of containers, /run/credentials of systemd."""


def confine_files(*, cuda: bool, writable: str | None = None) -> bool:
    """Confine this thread and all it starts from now on; whether the kernel does it.

    Devices stay writable (/dev/null, a GPU). cuda: files in /dev/shm may be made and /run is readable, as its driver
    may need. writable: a folder that is there, in which files and folders may be made, written, renamed and removed.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    if version < 1:
        return False
    truncate = _TRUNCATE if version >= _TRUNCATE_SINCE else 0
    attributes = struct.pack("=Q", _CHANGES | truncate | _READ_FILE)
    ruleset = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    allowed = [("/dev", _WRITE_FILE | truncate)]
    # there is no rule that takes away: all that lies in the root is named but what holds secrets
    allowed += [(entry.path, _READ_FILE) for entry in os.scandir("/") if cuda or entry.name != _SECRETS]
    if cuda:
        allowed.append(("/dev/shm", _WRITE_FILE | _REMOVE_FILE | _MAKE_REGULAR | truncate))  # noqa: S108 (a rule)
        allowed.append(("/proc/self", _WRITE_FILE))  # names of threads
    if writable is not None:
        allowed.append((writable, _WRITE_FILE | _MAKE_AND_REMOVE | truncate))
    try:
        _allow(libc, ruleset, allowed)
        return bool(libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0)) == 0)
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, rules: Iterable[tuple[str, int]]) -> None:
    for path, rights in rules:
        try:
            folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # not there: nothing to spare
        try:
            rule = struct.pack("=Qi", rights, folder)
            libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, ctypes.c_uint32(0))
        finally:
            os.close(folder)
