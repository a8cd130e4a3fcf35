"""A filter on system calls (seccomp, Linux): no network, no programs, no processes, no reach beyond this process.

Written as classic BPF through prctl, so that no library is needed; the kernel asks for no privilege, only that the
process can gain none (PR_SET_NO_NEW_PRIVS). It holds for the calling thread, those it starts later and for good.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2

# linux/filter.h: what one instruction does
_LOAD, _RETURN = 0x20, 0x06  # BPF_LD|BPF_W|BPF_ABS, BPF_RET|BPF_K
_IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT = 0x15, 0x35, 0x45  # BPF_JMP|BPF_K with JEQ, JGE, JSET
# linux/seccomp.h
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data; the lower half of a little endian word

_X32 = 0x40000000  # numbers of the x32 interface of x86-64 begin here: the same calls by other numbers
_CLONE_THREAD = 0x00010000
_AF_UNIX = 1

# system call numbers: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h
_NETWORK = ("socket", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg", "sendmmsg")
_PROCESSES = ("fork", "vfork", "execve", "execveat")
_OTHERS = (
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "tkill",
    "rt_sigqueueinfo", "rt_tgsigqueueinfo",
)  # fmt: skip
_KERNEL = (
    "mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "open_tree", "move_mount", "fsopen", "fsmount",
    "mount_setattr", "open_by_handle_at", "bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key",
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot",
)  # fmt: skip
_MISSING = ("clone3", "io_uring_setup", "io_uring_enter", "io_uring_register")
"""Answered as by a kernel that lacks them: their arguments lie in memory, which a filter cannot see. The C library
then makes threads by `clone`; io_uring would reach the network past this filter."""

_SINCE_5_1 = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsmount": 432, "pidfd_open": 434, "clone3": 435, "pidfd_getfd": 438,
    "mount_setattr": 442,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Machine:
    audit: int  #: AUDIT_ARCH_* of linux/audit.h
    numbers: Mapping[str, int]


_MACHINES: Mapping[str, _Machine] = MappingProxyType(
    {
        "x86_64": _Machine(
            0xC000003E,
            {
                "socket": 41, "connect": 42, "accept": 43, "sendto": 44, "sendmsg": 46, "bind": 49, "listen": 50,
                "clone": 56, "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "ptrace": 101, "rt_sigqueueinfo": 129,
                "pivot_root": 155, "chroot": 161, "mount": 165, "umount2": 166, "reboot": 169, "init_module": 175,
                "delete_module": 176, "tkill": 200, "tgkill": 234, "kexec_load": 246, "add_key": 248,
                "request_key": 249, "keyctl": 250, "unshare": 272, "accept4": 288, "rt_tgsigqueueinfo": 297,
                "perf_event_open": 298, "prlimit64": 302, "open_by_handle_at": 304, "sendmmsg": 307, "setns": 308,
                "process_vm_readv": 310, "process_vm_writev": 311, "finit_module": 313, "kexec_file_load": 320,
                "bpf": 321, "execveat": 322, "userfaultfd": 323, **_SINCE_5_1,
            },
        ),
        "aarch64": _Machine(
            0xC00000B7,
            {
                "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "unshare": 97, "kexec_load": 104,
                "init_module": 105, "delete_module": 106, "ptrace": 117, "kill": 129, "tkill": 130, "tgkill": 131,
                "rt_sigqueueinfo": 138, "reboot": 142, "socket": 198, "bind": 200, "listen": 201, "accept": 202,
                "connect": 203, "sendto": 206, "sendmsg": 211, "add_key": 217, "request_key": 218, "keyctl": 219,
                "clone": 220, "execve": 221, "rt_tgsigqueueinfo": 240, "perf_event_open": 241, "accept4": 242,
                "prlimit64": 261, "open_by_handle_at": 265, "setns": 268, "sendmmsg": 269, "process_vm_readv": 270,
                "process_vm_writev": 271, "finit_module": 273, "bpf": 280, "execveat": 281, "userfaultfd": 282,
                "kexec_file_load": 294, **_SINCE_5_1,
            },
        ),
    }
)  # fmt: skip


class _Program(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install(*, local_sockets: bool) -> bool:
    """Confine this thread and all it starts from now on; whether the kernel took the filter.

    local_sockets: AF_UNIX sockets may be made and listened on, which CUDA's driver does; none may be connected.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    code = _filter(machine, os.getpid(), local_sockets=local_sockets)
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    mode, zero = ctypes.c_ulong(_SECCOMP_MODE_FILTER), ctypes.c_ulong(0)
    return bool(libc.prctl(_PR_SET_SECCOMP, mode, ctypes.byref(program), zero, zero) == 0)


def _filter(machine: _Machine, pid: int, *, local_sockets: bool) -> bytes:
    """The filter's instructions. A call that is not named is allowed."""
    spared = ("socket", "bind", "listen", "accept", "accept4", "sendmsg") if local_sockets else ()
    refused = {name: errno.EACCES for name in _NETWORK if name not in spared}
    refused |= dict.fromkeys((*_PROCESSES, *_OTHERS, *_KERNEL), errno.EPERM) | dict.fromkeys(_MISSING, errno.ENOSYS)
    code = [
        _step(_LOAD, _MACHINE),
        _step(_IF_EQUAL, machine.audit, then=1),
        _step(_RETURN, _KILL_PROCESS),  # a 32-bit call: its numbers mean something else
        _step(_LOAD, _NUMBER),
        _step(_IF_AT_LEAST, _X32, otherwise=1),
        _step(_RETURN, _ERRNO | errno.ENOSYS),
    ]
    for name, number in sorted(machine.numbers.items()):
        if name in refused:
            code += [_step(_IF_EQUAL, number, otherwise=1), _step(_RETURN, _ERRNO | refused[name])]
    code += _unless(machine, "clone", _IF_ANY_BIT, _CLONE_THREAD)  # threads, no processes
    code += _unless(machine, "kill", _IF_EQUAL, pid)
    code += _unless(machine, "tgkill", _IF_EQUAL, pid)
    code += _unless(machine, "prlimit64", _IF_EQUAL, 0)  # 0: this process
    if local_sockets:
        code += _unless(machine, "socket", _IF_EQUAL, _AF_UNIX)
    return b"".join([*code, _step(_RETURN, _ALLOW)])


def _unless(machine: _Machine, name: str, test: int, value: int) -> list[bytes]:
    """Refuse a call unless its first argument passes a test."""
    return [
        _step(_IF_EQUAL, machine.numbers[name], otherwise=4),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(test, value, otherwise=1),
        _step(_RETURN, _ALLOW),
        _step(_RETURN, _ERRNO | errno.EPERM),
    ]


def _step(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    """One struct sock_filter: an instruction, and how many to leap over when a test holds and when it does not."""
    return struct.pack("=HBBI", code, then, otherwise, value)
