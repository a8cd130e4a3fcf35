"""Mutated PDUs to the decoders: none may hang or fill the memory."""

import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pynetdicom.dsutils import decode

from dicom_node.arrival import Arrival, Incoming
from dicom_node.bounded_dimse import BoundedDimse
from dicom_node.identity import prepare_pynetdicom
from dicom_node.limits import Budget, Limits
from dicom_node.reception import Answer

LONGEST_SECONDS = 1.0
MOST_GROWTH = 64 * 2**20  # bytes of memory

_P_DATA = b"\x04"


def _nobody(_: object) -> None:
    """Nobody listens."""


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


def fuzz_decoders(pdus: Iterable[bytes]) -> float:
    """Mutated PDUs to the decoders; the longest that one took, seconds. Raises AssertionError, which names the PDU."""
    decoders = Decoders()
    longest, before = 0.0, resident()
    for number, pdu in enumerate(pdus):
        seconds = decoders.read(pdu)
        longest = max(longest, seconds)
        require(seconds < LONGEST_SECONDS, f"{seconds:.1f} s for {pdu.hex()}")
        if number % 1000 == 0:
            require(resident() - before < MOST_GROWTH, f"{resident() - before} bytes more memory at {pdu.hex()}")
    return longest


def require(true: bool, otherwise: str) -> None:
    """Raise AssertionError unless it is true."""
    if not true:
        raise AssertionError(otherwise)


def resident(process: int | str = "self") -> int:
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * 4096
