"""Peers that do anything in any order, to a live listener."""

import socket
import struct
from contextlib import suppress
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from benchmarks import attack_clients as clients
from benchmarks.fuzz.decoders import MOST_GROWTH, require
from benchmarks.fuzz.pdus import PDUS, SEEDS, long_settings
from benchmarks.fuzz.target import Target


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


def fuzz_connections(target: Target, examples: int, steps: int = 12) -> None:
    """Peers that do anything to a live listener. Raises AssertionError, which says what it did not get over."""
    peers = type("PeersOfOne", (Peers,), {"target": target})
    run_state_machine_as_test(peers, settings=long_settings(examples, stateful_step_count=steps))
    require(target.grown < MOST_GROWTH, f"{target.grown} bytes more memory")
