"""PDUs that are almost right."""

import struct
from collections.abc import Callable
from io import BytesIO
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pynetdicom.dimse_messages import N_EVENT_REPORT_RQ
from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.dsutils import encode
from pynetdicom.pdu import P_DATA_TF

from benchmarks import attack_clients as clients

_RELEASE = struct.pack(">BBII", 0x05, 0, 4, 0)
_ABORT = struct.pack(">BBII", 0x07, 0, 4, 0)
_REJECT = struct.pack(">BBIBBBB", 0x03, 0, 4, 0, 1, 1, 3)


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

    @long_settings(examples)
    @given(PDUS)
    def collect(data: bytes) -> None:
        found.append(data)

    collect()
    return found


def long_settings(examples: int, **values: Any) -> settings:
    """Hypothesis' settings for so many examples, however long they take."""
    return settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck), **values,
    )  # fmt: skip
