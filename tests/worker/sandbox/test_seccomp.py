"""The filter, read as the kernel reads it, for both machines; that it holds is tried in test_confined."""

import errno
import struct

import pytest

from worker.sandbox.seccomp import _MACHINES, _filter, _Machine

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


def _verdict(code: bytes, audit: int, number: int, first_argument: int = 0) -> int:
    """What classic BPF makes of a system call."""
    data = struct.pack("=IIQ6Q", number, audit, 0, first_argument, *[0] * 5)
    steps = list(struct.iter_unpack("=HBBI", code))
    accumulator, place = 0, 0
    while True:
        operation, then, otherwise, value = steps[place]
        place += 1
        if operation == 0x06:
            return int(value)
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
            continue
        holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[operation]
        place += then if holds else otherwise


@pytest.mark.parametrize("name", sorted(_MACHINES))
@pytest.mark.parametrize("local_sockets", [False, True])
def test_every_named_call_gets_its_verdict(name: str, *, local_sockets: bool) -> None:
    machine: _Machine = _MACHINES[name]
    code = _filter(machine, 77, local_sockets=local_sockets)
    number = machine.numbers

    def verdict(call: str, argument: int = 0) -> int:
        return _verdict(code, machine.audit, number[call], argument)

    for call in ("connect", "sendto", "sendmmsg"):
        assert verdict(call) == ERRNO | errno.EACCES, call
    for call in ("execve", "execveat", "ptrace", "unshare", "mount", "bpf", "process_vm_readv", "open_by_handle_at"):
        assert verdict(call) == ERRNO | errno.EPERM, call
    assert verdict("clone3") == verdict("io_uring_setup") == ERRNO | errno.ENOSYS
    assert verdict("clone", 0x003D0F00) == ALLOW  # a thread, as glibc makes it
    assert verdict("clone", 0x01200011) == ERRNO | errno.EPERM  # a fork, as glibc makes it
    assert [verdict(call, 77) for call in ("kill", "tgkill")] == [ALLOW, ALLOW]
    assert [verdict("kill", pid) for pid in (0, 1, 78, 0xFFFFFFFF)] == [ERRNO | errno.EPERM] * 4
    assert [verdict("prlimit64", pid) for pid in (0, 78)] == [ALLOW, ERRNO | errno.EPERM]
    assert verdict("socket", 2) in (ERRNO | errno.EPERM, ERRNO | errno.EACCES)
    assert (verdict("socket", 1) == ALLOW) is local_sockets
    assert (verdict("listen") == ALLOW) is local_sockets


@pytest.mark.parametrize("name", sorted(_MACHINES))
def test_other_ways_into_the_kernel_are_closed(name: str) -> None:
    machine = _MACHINES[name]
    code = _filter(machine, 77, local_sockets=False)
    assert _verdict(code, 0x40000003, 1) == KILL  # 32-bit x86, whose numbers mean other calls
    assert _verdict(code, machine.audit, 0x40000000 | 41) == ERRNO | errno.ENOSYS  # x32
    assert _verdict(code, machine.audit, 0x3FF) == ALLOW


def test_the_two_machines_name_the_same_calls() -> None:
    one, other = (set(machine.numbers) for machine in _MACHINES.values())
    assert one ^ other == {"fork", "vfork"}  # which aarch64 never had
