"""A sender that costs next to nothing, so that the receiver is what is measured.

`python -m benchmarks.receive.sender PORT [--alone] FOLDER ...` reads the files into memory, opens an association for
each folder at the same time (for each file with `--alone`), and sends with one request outstanding, as PS3.7 has it.
It prints one line of JSON.
"""

import argparse
import json
import resource
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from struct import pack, unpack_from

from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE, ImplementationClassUIDNotification, MaximumLengthNotification
from pynetdicom.presentation import build_context

from dicom_node.command_set import STATUS, CommandSet, as_pdus, encode
from dicom_node.part10 import split

CALLING, CALLED = "BENCH", "OPPORTUNE"
_LARGEST_PDU = 131072
_IOV_MAX = 1000  # pieces of one sendmsg; Linux takes 1024
_SECONDS = 60.0
_RELEASE = pack(">BBII", 5, 0, 4, 0)


@dataclass(frozen=True, slots=True)
class Image:
    """An encoded object."""

    sop_class_uid: str
    sop_instance_uid: str
    data_set: memoryview


def load(folder: Path) -> list[Image]:
    """The files of a folder, in the order of their names."""
    images = []
    for path in sorted(folder.glob("*.dcm")):
        with path.open("rb") as file:
            meta, begin = split(file)
        data_set = memoryview(path.read_bytes())[begin:]
        images.append(Image(meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID, data_set))
    return images


class Association:
    """An association that sends objects of one SOP class. Raises RuntimeError where it is not accepted."""

    def __init__(self, port: int, sop_class_uid: str) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.sendall(_request(sop_class_uid))
        answer = self._pdu()
        if answer[0] != 2:
            self._connection.close()
            raise RuntimeError(f"the association was not accepted: {answer[:12].hex()}")
        self._largest = min(_LARGEST_PDU, _maximum_length(answer) or _LARGEST_PDU)

    def store(self, image: Image, message_id: int) -> int:
        """Send an object; the status of the response."""
        pieces: list[bytes | memoryview] = [as_pdus(1, _command(image, message_id), 0)]
        step = self._largest - 6
        for begin in range(0, len(image.data_set), step):
            part = image.data_set[begin : begin + step]
            last = 2 if begin + step >= len(image.data_set) else 0
            pieces += [pack(">BBIIBB", 4, 0, len(part) + 6, len(part) + 2, 1, last), part]
        for begin in range(0, len(pieces), _IOV_MAX):
            self._send(pieces[begin : begin + _IOV_MAX])
        return CommandSet(self._pdu()[12:]).number(STATUS)

    def release(self) -> None:
        """End it in order."""
        self._connection.sendall(_RELEASE)
        self._pdu()
        self._connection.close()

    def _send(self, pieces: list[bytes | memoryview]) -> None:
        sent = self._connection.sendmsg(pieces)
        while pieces and sent >= len(pieces[0]):
            sent -= len(pieces.pop(0))
        if pieces:
            self._send([memoryview(pieces[0])[sent:], *pieces[1:]])

    def _pdu(self) -> bytes:
        header = self._exactly(6)
        return header + self._exactly(int(unpack_from(">I", header, 2)[0]))

    def _exactly(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            more = self._connection.recv(count - len(found))
            if not more:
                raise ConnectionError("the receiver closed the connection")
            found += more
        return found


def _request(sop_class_uid: str) -> bytes:
    primitive = A_ASSOCIATE()
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    primitive.calling_ae_title, primitive.called_ae_title = CALLING, CALLED
    context = build_context(sop_class_uid, ExplicitVRLittleEndian)
    context.context_id = 1
    primitive.presentation_context_definition_list = [context]
    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received = 65536
    implementation.implementation_class_uid = "1.2.826.0.1.3680043.10.9999"
    primitive.user_information = [length, implementation]
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(primitive)
    return bytes(pdu.encode())


def _maximum_length(accept: bytes) -> int:
    """What an A-ASSOCIATE-AC says of the largest PDU (PS3.8 D.1: an item of type 51H and length 4); 0 is no limit."""
    place = accept.rfind(b"\x51\0\0\4")
    return int(unpack_from(">I", accept, place + 4)[0]) if place > 0 else 0


def _command(image: Image, message_id: int) -> bytes:
    """A C-STORE-RQ (PS3.7 9.3.1.1)."""
    elements = (
        (0x0002, _even(image.sop_class_uid)),
        (0x0100, pack("<H", 1)),
        (0x0110, pack("<H", message_id % 65536)),
        (0x0700, pack("<H", 0)),
        (0x0800, pack("<H", 1)),
        (0x1000, _even(image.sop_instance_uid)),
    )
    return encode(elements)


def _even(uid: str) -> bytes:
    return uid.encode("ascii") + b"\0" * (len(uid) % 2)


def main() -> None:
    """Send and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.receive.sender", description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--alone", action="store_true", help="an association for each file")
    options = parser.parse_args()
    shares = [load(folder) for folder in options.folders]
    milliseconds: list[float] = []
    failed: list[str] = []

    def send(images: list[Image]) -> None:
        groups = [[image] for image in images] if options.alone else [images]
        try:
            for group in groups:
                begun = time.perf_counter()
                association = Association(options.port, group[0].sop_class_uid)
                for number, image in enumerate(group):
                    status = association.store(image, number + 1)
                    if status != 0:
                        failed.append(f"0x{status:04X}")
                    milliseconds.append((time.perf_counter() - begun) * 1000)
                    begun = time.perf_counter()
                association.release()
        except (OSError, RuntimeError) as exc:
            failed.append(f"{type(exc).__name__}: {exc}")

    threads = [threading.Thread(target=send, args=(share,)) for share in shares]
    before, begun = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"seconds": seconds, "milliseconds": milliseconds, "failed": failed, "processor_seconds": used}))


if __name__ == "__main__":
    main()
