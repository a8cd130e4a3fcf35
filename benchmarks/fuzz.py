"""Hostile input made up by Hypothesis: mutated PDUs to the decoders, and to a listener over live connections.

`python -m benchmarks.fuzz` is the long form; the tests run a short one. After every example nothing may hang, and the
listener's threads, descriptors and memory must be back where they were.
"""

import argparse
import gc
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from pydicom import Dataset
from pynetdicom.dimse_messages import N_EVENT_REPORT_RQ
from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.dsutils import decode, encode
from pynetdicom.pdu import P_DATA_TF

from benchmarks import attack_clients as clients
from benchmarks.attacks import SilentLedger
from dicom_node.arrival import Arrival, Incoming
from dicom_node.bounded_dimse import BoundedDimse
from dicom_node.identity import Timeouts, prepare_pynetdicom
from dicom_node.limits import Budget, Limits
from dicom_node.listener import Listener
from dicom_node.reception import Answer
from dicom_node.spool import Spool
from screening.settings import Node, Peer

LONGEST_SECONDS = 1.0
MOST_GROWTH = 64 * 2**20  # bytes of memory
_BACK_SECONDS = 30.0  # for threads and descriptors to be gone; the listener's own time-outs are much shorter

_P_DATA = b"\x04"
_RELEASE = struct.pack(">BBII", 0x05, 0, 4, 0)
_ABORT = struct.pack(">BBII", 0x07, 0, 4, 0)
_REJECT = struct.pack(">BBIBBBB", 0x03, 0, 4, 0, 1, 1, 3)


def _nobody(_: object) -> None:
    """Nobody listens."""


def _report() -> bytes:
    """An N-EVENT-REPORT-RQ with its data set."""
    information = Dataset()
    information.TransactionUID = "1.2.3"
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.4", "1.2.5"
    information.ReferencedSOPSequence = [item]
    primitive = N_EVENT_REPORT()
    primitive.MessageID, primitive.EventTypeID = 1, 1
    primitive.AffectedSOPClassUID, primitive.AffectedSOPInstanceUID = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
    primitive.EventInformation = BytesIO(encode(information, is_implicit_vr=False, is_little_endian=True) or b"")
    message = N_EVENT_REPORT_RQ()
    message.primitive_to_message(primitive)
    return b"".join(bytes(P_DATA_TF(p).encode()) for p in message.encode_msg(clients.ECHO_CONTEXT, 16382))


SEEDS: tuple[bytes, ...] = (
    clients.request(),
    b"\x02" + clients.request()[1:],
    clients.echo_request(),
    clients.store_command(),
    clients.store_command() + clients.fragment(b"data") + clients.fragment(b"set", last=True),
    _report(),
    _RELEASE,
    _ABORT,
    _REJECT,
)

Mutation = Callable[[bytearray], None]


def _flip(place: int, value: int) -> Mutation:
    def mutate(data: bytearray) -> None:
        if data:
            data[place % len(data)] = value

    return mutate


def _length(place: int, value: int, width: int) -> Mutation:
    """Another length, wherever one may stand; in either byte order."""

    def mutate(data: bytearray) -> None:
        at = place % (len(data) + 1)
        data[at : at + width] = (value % 256**width).to_bytes(width, "little" if place % 2 else "big")

    return mutate


def _cut(begin: int, count: int) -> Mutation:
    def mutate(data: bytearray) -> None:
        at = begin % (len(data) + 1)
        del data[at : at + count]

    return mutate


def _double(begin: int, count: int, times: int) -> Mutation:
    """The same items again: order and number of what must come once."""

    def mutate(data: bytearray) -> None:
        at = begin % (len(data) + 1)
        data[at:at] = bytes(data[at : at + count]) * times

    return mutate


def _insert(place: int, more: bytes) -> Mutation:
    def mutate(data: bytearray) -> None:
        at = place % (len(data) + 1)
        data[at:at] = more

    return mutate


def _true_length(data: bytearray) -> None:
    """A header that fits, so that the decoders see what is behind it."""
    if len(data) >= 6:
        data[2:6] = (len(data) - 6).to_bytes(4, "big")


_PLACE = st.integers(0, 400)
_MUTATION = st.one_of(
    st.builds(_flip, _PLACE, st.integers(0, 255)),
    st.builds(_length, _PLACE, st.sampled_from([0, 1, 2, 255, 65535, 2**31, 2**32 - 1]), st.sampled_from([1, 2, 4])),
    st.builds(_cut, _PLACE, st.integers(1, 80)),
    st.builds(_double, _PLACE, st.integers(1, 80), st.integers(1, 20)),
    st.builds(_insert, _PLACE, st.binary(max_size=20)),
    st.just(_true_length),
)


def _mutated(seed: bytes, mutations: list[Mutation]) -> bytes:
    data = bytearray(seed)
    for mutate in mutations:
        mutate(data)
    return bytes(data)


PDUS = st.builds(_mutated, st.sampled_from(SEEDS), st.lists(_MUTATION, max_size=6))
"""PDUs that are almost right."""


class Decoders:
    """What reads a peer's bytes: PDUs, messages in fragments, data sets of reports. Nothing it raises counts."""

    def __init__(self) -> None:
        prepare_pynetdicom()
        self._request = Incoming(abstract_syntax="1", sop_class_uid="1", sop_instance_uid="1", transfer_syntax_uid="1")
        self._association: Any = SimpleNamespace(
            dul=SimpleNamespace(event_queue=SimpleNamespace(put=_nobody)),
            requestor=SimpleNamespace(maximum_length=16382),
        )

    def read(self, data: bytes) -> float:
        """Read all the PDUs in it; seconds of processor time, which a busy machine does not stretch."""
        begun = time.thread_time()
        dimse = BoundedDimse(self._association, Limits(), self, _nobody, _nobody)
        while len(data) >= 6:
            length = int.from_bytes(data[2:6], "big")
            pdu, data = data[: 6 + length], data[6 + length :]
            with suppress(Exception):
                self._read_one(dimse, pdu)
        while not dimse.msg_queue.empty():
            _, message = dimse.msg_queue.get()
            information = getattr(message, "EventInformation", None)
            if information is not None:
                with suppress(Exception):
                    str(decode(information, is_implicit_vr=False, is_little_endian=True))
        return time.thread_time() - begun

    def expect(self, *_: object) -> Arrival:
        """No data set is kept."""
        return Arrival(self._request, None, Budget(0))

    def store(self, *_: object) -> Answer:
        """Nothing is stored."""
        return Answer(status=0)

    def _read_one(self, dimse: BoundedDimse, data: bytes) -> None:
        from pynetdicom.dul import _PDU_TYPES  # noqa: PLC0415

        if data[:1] == _P_DATA:
            dimse.receive(memoryview(data)[6:])
            return
        pdu = _PDU_TYPES[data[:1]][0]()
        pdu.decode(data)
        pdu.to_primitive()


class Target:
    """A listener in this process, and what it holds."""

    def __init__(self, folder: Path) -> None:
        self._listener = Listener(
            Node(bind="127.0.0.1", port=0),
            [Peer(ae_title=clients.CALLING, address="127.0.0.1")],
            [],
            Spool(folder, minimum_free=0),
            SilentLedger(),
            lambda: None,
            Timeouts(acse=2, dimse=2, network=2, connect=2),
            Limits(pdu_seconds=0.5, associations_per_address=30, connections=30),
        )
        self.port = self._listener.start()
        self.connections = 0
        clients.echoes(self.port)
        with clients.establish(self.port) as connection:  # the first object starts a thread that stays
            connection.sendall(clients.store_command() + clients.fragment(b"", last=True))
            clients.read_pdu(connection)
        self._wait(lambda: threading.active_count() <= 6)
        self._threads, self._files = threading.active_count(), _descriptors()

    def require_healthy(self) -> None:
        """Everything that was held is free again, and C-ECHO is answered. Raises AssertionError."""
        self._wait(lambda: threading.active_count() <= self._threads and _descriptors() <= self._files)
        threads, files = threading.active_count(), _descriptors()
        _require(threads <= self._threads, f"{threads} threads, {self._threads} before")
        _require(files <= self._files, f"{files} descriptors, {self._files} before")
        _require(clients.echoes(self.port), "C-ECHO is not answered")

    def stop(self) -> None:
        """End it."""
        self._listener.stop()

    @staticmethod
    def _wait(true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _BACK_SECONDS
        while not true() and time.monotonic() < deadline:
            time.sleep(0.005)


class Peers(RuleBasedStateMachine):
    """Peers that do anything in any order, to one listener."""

    target: ClassVar[Target]

    def __init__(self) -> None:
        super().__init__()
        self._open: list[socket.socket] = []

    @rule()
    def connect(self) -> None:
        if len(self._open) < 5:
            self._open.append(clients.connect(self.target.port, seconds=2))
            self.target.connections += 1

    @rule()
    def associate(self) -> None:
        with suppress(OSError):
            self._open.append(clients.establish(self.target.port))
            self.target.connections += 1

    @precondition(lambda self: self._open)
    @rule(pdu=st.sampled_from(SEEDS))
    def speak(self, pdu: bytes) -> None:
        self._say(pdu)

    @precondition(lambda self: self._open)
    @rule(pdu=PDUS)
    def speak_nonsense(self, pdu: bytes) -> None:
        self._say(pdu)

    @precondition(lambda self: self._open)
    @rule(garbage=st.binary(min_size=1, max_size=100))
    def babble(self, garbage: bytes) -> None:
        self._say(garbage)

    @precondition(lambda self: self._open)
    @rule(count=st.integers(1, 30))
    def stop_in_the_middle(self, count: int) -> None:
        self._say(clients.store_command()[:count])

    @precondition(lambda self: self._open)
    @rule()
    def close_half(self) -> None:
        with suppress(OSError):
            self._open[-1].shutdown(socket.SHUT_WR)

    @precondition(lambda self: self._open)
    @rule()
    def close(self) -> None:
        self._open.pop().close()

    @precondition(lambda self: self._open)
    @rule()
    def reset(self) -> None:
        connection = self._open.pop()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def teardown(self) -> None:
        for connection in self._open:
            connection.close()
        self.target.require_healthy()

    def _say(self, data: bytes) -> None:
        with suppress(OSError):
            self._open[-1].sendall(data)


def drawn(random: Random) -> bytes:
    """A mutated PDU as those of `PDUS`, made some hundred times as fast; for as many as Hypothesis cannot make."""
    places, lengths = range(401), (0, 1, 2, 255, 65535, 2**31, 2**32 - 1)
    makers: tuple[Callable[[], Mutation], ...] = (
        lambda: _flip(random.choice(places), random.randrange(256)),
        lambda: _length(random.choice(places), random.choice(lengths), random.choice((1, 2, 4))),
        lambda: _cut(random.choice(places), random.randrange(1, 81)),
        lambda: _double(random.choice(places), random.randrange(1, 81), random.randrange(1, 21)),
        lambda: _insert(random.choice(places), random.randbytes(random.randrange(21))),
        lambda: _true_length,
    )
    return _mutated(random.choice(SEEDS), [random.choice(makers)() for _ in range(random.randrange(7))])


def hypothetical(examples: int) -> list[bytes]:
    """As many mutated PDUs, made by Hypothesis."""
    found: list[bytes] = []

    @_settings(examples)
    @given(PDUS)
    def collect(data: bytes) -> None:
        found.append(data)

    collect()
    return found


def fuzz_decoders(pdus: Iterable[bytes]) -> float:
    """Mutated PDUs to the decoders; the longest that one took, seconds. Raises AssertionError, which names the PDU."""
    decoders = Decoders()
    longest, before = 0.0, _resident()
    for number, pdu in enumerate(pdus):
        seconds = decoders.read(pdu)
        longest = max(longest, seconds)
        _require(seconds < LONGEST_SECONDS, f"{seconds:.1f} s for {pdu.hex()}")
        if number % 1000 == 0:
            _require(_resident() - before < MOST_GROWTH, f"{_resident() - before} bytes more memory at {pdu.hex()}")
    return longest


def fuzz_connections(examples: int, folder: Path, steps: int = 12) -> int:
    """Peers that do anything to a live listener; how many connections they made. Raises AssertionError."""
    target = Target(folder)
    try:
        before = _resident()
        peers = type("PeersOfOne", (Peers,), {"target": target})
        run_state_machine_as_test(peers, settings=_settings(examples, stateful_step_count=steps))
        gc.collect()
        grown = _resident() - before
        _require(grown < MOST_GROWTH, f"{grown} bytes more memory")
        return target.connections
    finally:
        target.stop()


def _require(true: bool, otherwise: str) -> None:
    if not true:
        raise AssertionError(otherwise)


def _settings(examples: int, **values: Any) -> settings:
    return settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck), **values,
    )  # fmt: skip


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def main() -> None:
    """Fuzz for long."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--decodes", type=int, default=1_000_000, help="mutated PDUs to the decoders")
    parser.add_argument("--connections", type=int, default=100_000, help="live connections, at least")
    parser.add_argument("--seed", type=int, default=1, help="of the mutated PDUs")
    options = parser.parse_args()
    if options.decodes:
        begun = time.monotonic()
        random = Random(options.seed)  # noqa: S311 (to be repeated, not to be secret)
        longest = fuzz_decoders(drawn(random) for _ in range(options.decodes))
        print(f"{options.decodes} decodes in {time.monotonic() - begun:.0f} s, longest {longest * 1000:.1f} ms")
    made, begun = 0, time.monotonic()
    while made < options.connections:
        with tempfile.TemporaryDirectory() as folder:
            made += fuzz_connections(max(1, min(1000, (options.connections - made) // 2)), Path(folder))
        print(f"{made} connections in {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
