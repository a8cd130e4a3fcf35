"""What the network tests share: a fake ledger, small data sets, a listener on a free port, waiting with a deadline."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import DataElement, Dataset, config
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    UID,
    Comprehensive3DSRStorage,
    ComputedRadiographyImageStorage,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
    generate_uid,
)
from pynetdicom import build_context
from pynetdicom.association import Association
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE, ImplementationClassUIDNotification, MaximumLengthNotification
from pynetdicom.presentation import PresentationContext

from dicom_node.arrival import Arrival
from dicom_node.entries import AssociationEntry
from dicom_node.identity import Timeouts, make_ae
from dicom_node.limits import Limits
from dicom_node.listener import Listener
from dicom_node.reception import Answer
from dicom_node.registrar import Batch
from dicom_node.spool import Spool
from dicom_node.standin_pacs import STORED_SOP_CLASSES, Script, StandinPacs
from screening.errors import DatabaseUnavailable
from screening.reports import ObjectKind, ReportObject
from screening.settings import Destination, Node, Peer

QUICK = Timeouts(acse=5, dimse=5, network=5, connect=5)


def wait_until(true: Callable[[], object], seconds: float = 10) -> None:
    """Return as soon as it holds; fail the test after so many seconds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@dataclass
class FakeLedger:
    """A ledger in memory, which may be down."""

    down: bool = False
    own: set[str] = field(default_factory=set)
    transactions: dict[str, str] = field(default_factory=dict)  # Transaction UID: destination
    opened: list[AssociationEntry] = field(default_factory=list)
    refused_associations: list[dict[str, Any]] = field(default_factory=list)
    closed: dict[int, str] = field(default_factory=dict)
    registered: list[dict[str, Any]] = field(default_factory=list)
    withdrawn: dict[str, str] = field(default_factory=dict)
    refusals: list[dict[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    spool_failures: list[str] = field(default_factory=list)
    stale: int = 0
    paused: bool = False

    def _check(self) -> None:
        if self.down:
            raise DatabaseUnavailable("down")

    def write(self, batch: Batch) -> None:
        self._check()
        for entry in batch.opened:
            self.opened.append(entry)
            entry.number = len(self.opened)
        for one in batch.received:
            row = {item.name: getattr(one, item.name) for item in fields(one) if item.name != "association"}
            self.registered.append(row | {"association_id": one.association.number})
        self.closed.update({number: entry.ended for entry in batch.closed for number in entry.numbers})

    def refuse_association(self, **values: Any) -> None:
        self._check()
        self.refused_associations.append(values)

    def close_stale(self) -> int:
        self._check()
        return self.stale

    def intake_paused(self) -> bool:
        self._check()
        return self.paused

    def withdraw(self, spool_name: str, reason: str) -> None:
        self._check()
        self.withdrawn[spool_name] = reason

    def is_registered(self, spool_name: str) -> bool:
        self._check()
        return spool_name in [row["spool_name"] for row in self.registered]

    def spool_failed(self, detail: str) -> None:
        self._check()
        self.spool_failures.append(detail)

    def refuse(self, **values: Any) -> None:
        self._check()
        self.refusals.append(values)

    def is_own_output(self, sop_instance_uid: str) -> bool:
        self._check()
        return sop_instance_uid in self.own

    def commitment_reported(self, *, transaction_uid: str, destinations: Sequence[str], **values: Any) -> bool:
        self._check()
        known = self.transactions.get(transaction_uid) in destinations
        self.reports.append({"transaction_uid": transaction_uid, "known": known, **values})
        return known


class _NoStores:
    """For associations in which nothing is sent."""

    def expect(self, *_: Any) -> Arrival:
        raise AssertionError("no object is sent")

    def store(self, *_: Any) -> Answer:
        raise AssertionError("no object is sent")


NO_STORES = _NoStores()


def make_dataset(sop_class_uid: str = ComputedRadiographyImageStorage, **values: Any) -> Dataset:
    """A small image that identifies itself, explicit VR little endian."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID(sop_class_uid)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.StudyInstanceUID = generate_uid()
    ds.SeriesInstanceUID = generate_uid()
    ds.PatientName = "CANARY^PATIENT"
    ds.PatientID = "CANARY-4711"
    ds.Modality = "CR"
    ds.Rows = ds.Columns = 8
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit = 15
    ds.PixelRepresentation = 0
    ds.PixelData = np.arange(64, dtype=np.uint16).tobytes()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def set_uid(ds: Dataset, keyword: str, value: str) -> Dataset:
    """Write anything where a UID belongs, as peers do."""
    ds[keyword] = DataElement(tag_for_keyword(keyword) or 0, "UI", value, validation_mode=config.IGNORE)
    return ds


def encoded(ds: Dataset) -> bytes:
    """The data set as a PS3.10 file."""
    buffer = BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def make_sc(**values: Any) -> ReportObject:
    """A secondary capture."""
    ds = make_dataset(SecondaryCaptureImageStorage, ConversionType="WSD", Modality="OT", **values)
    return as_report(ds, ObjectKind.SC)


def make_sr(*content: Dataset, sop_class_uid: str = Comprehensive3DSRStorage) -> ReportObject:
    """A structured report with these content items."""
    ds = make_dataset(sop_class_uid, Modality="SR")
    for keyword in ("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored"):
        delattr(ds, keyword)
    for keyword in ("HighBit", "PixelRepresentation", "PixelData"):
        delattr(ds, keyword)
    ds.ValueType = "CONTAINER"
    ds.ContinuityOfContent = "SEPARATE"
    ds.ContentSequence = list(content) or [text_item("nothing found")]
    return as_report(ds, ObjectKind.SR)


def text_item(text: str, value_type: str = "TEXT") -> Dataset:
    item = Dataset()
    item.RelationshipType = "CONTAINS"
    item.ValueType = value_type
    item.TextValue = text
    return item


def as_report(ds: Dataset, kind: ObjectKind) -> ReportObject:
    return ReportObject(
        kind=kind,
        role=kind.value,
        sop_class_uid=str(ds.SOPClassUID),
        sop_instance_uid=str(ds.SOPInstanceUID),
        series_instance_uid=str(ds.SeriesInstanceUID),
        encoded=encoded(ds),
    )


def destination_at(port: int, ae_title: str = "STANDIN", address: str = "127.0.0.1") -> Destination:
    return Destination(name="pacs", ae_title=ae_title, address=address, port=port)


@dataclass
class Running:
    """A listener that runs."""

    port: int
    listener: Listener
    spool: Spool
    root: Path
    bells: list[int]

    def files(self) -> list[Path]:
        return [path for path in sorted(self.root.rglob("*")) if path.is_file()]


@contextmanager
def running_listener(  # noqa: PLR0917
    root: Path,
    ledger: Any,
    peers: Sequence[tuple[str, str]] = (("MODALITY", "127.0.0.1"),),
    destinations: Sequence[Destination] = (),
    spool: Any = None,
    timeouts: Timeouts = QUICK,
    limits: Limits | None = None,
    **node: Any,
) -> Iterator[Running]:
    spool = spool or Spool(root, minimum_free=0)
    bells: list[int] = []
    listener = Listener(
        Node(**({"ae_title": "OPPORTUNE", "bind": "127.0.0.1", "port": 0} | node)),
        [Peer(ae_title=ae_title, address=address) for ae_title, address in peers],
        destinations,
        spool,
        ledger,
        lambda: bells.append(1),
        timeouts,
        limits,
    )
    port = listener.start()
    try:
        yield Running(port=port, listener=listener, spool=spool, root=root, bells=bells)
    finally:
        listener.stop()


@contextmanager
def requesting(  # noqa: PLR0917
    port: int,
    contexts: Sequence[PresentationContext],
    calling: str = "MODALITY",
    called: str = "OPPORTUNE",
    address: str = "127.0.0.1",
    negotiation: Sequence[Any] = (),
) -> Iterator[Association]:
    """An association with the listener, established or not."""
    ae = make_ae(calling, Timeouts(acse=10, dimse=10, network=10, connect=10))
    association = ae.associate(
        "127.0.0.1", port, list(contexts), called, bind_address=(address, 0), ext_neg=list(negotiation)
    )
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


@contextmanager
def running_standin(
    folder: Path, script: Script | None = None, sop_classes: Sequence[str] = STORED_SOP_CLASSES
) -> Iterator[tuple[StandinPacs, int]]:
    """A stand-in PACS and its port."""
    pacs = StandinPacs(folder / "pacs", sop_classes=sop_classes, script=script)
    port = pacs.start()
    try:
        yield pacs, port
    finally:
        pacs.stop()


def dead_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def rejection(port: int, calling: str, called: str, address: str = "127.0.0.1") -> tuple[int, int, int] | None:
    """Result, source and reason of the A-ASSOCIATE-RJ (PS3.8 9.3.4) that answers a request for Verification.

    None: the connection was closed without an answer. Read off the wire, because pynetdicom's requestor loses about one
    rejection in 600 on a loaded machine and tells of an abort.
    """
    request = A_ASSOCIATE()
    request.application_context_name = "1.2.840.10008.3.1.1.1"
    request.calling_ae_title, request.called_ae_title = calling, called
    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received, implementation.implementation_class_uid = 16382, UID("1.2.3")
    request.user_information = [length, implementation]
    context = build_context("1.2.840.10008.1.1")
    context.context_id = 1
    request.presentation_context_definition_list = [context]
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(request)
    with socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(address, 0)) as connection:
        try:
            connection.sendall(pdu.encode())
            answer = connection.makefile("rb").read(10)
        except ConnectionError:
            return None
    if not answer:
        return None
    assert answer[0] == 0x03, f"PDU type {answer[0]:#04x} is no A-ASSOCIATE-RJ"
    return answer[7], answer[8], answer[9]
