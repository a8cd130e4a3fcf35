"""How fast the listener takes objects in: real associations over the loopback, real fsync, real commits.

Listener and senders are processes of their own, so that they do not share an interpreter's lock. Senders are warm and
begin together; the time runs from the first C-STORE to the last response.
"""

import multiprocessing
import statistics
import time
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from db.engine import make_engine, make_sessions, migrate
from dicom_node.identity import Timeouts
from dicom_node.ledger import DatabaseLedger
from dicom_node.listener import Listener
from dicom_node.sending import send_files
from dicom_node.spool import Spool
from screening.settings import Destination, Node, Peer

_START_SECONDS = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What is sent."""

    instances: int
    kilobytes: int
    associations: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """What was measured."""

    associations: int
    instances: int
    objects_per_second: float
    megabytes_per_second: float
    median_milliseconds: float  #: from one response to the next on an association
    slowest_milliseconds: float


def measure(folder: Path, load: Load, *, database_url: str | None = None) -> Received:
    """Send a load to a fresh listener and measure. Raises RuntimeError if one object was not stored."""
    shares = [_write_files(folder / f"share-{n}", load, n) for n in range(load.associations)]
    context = multiprocessing.get_context("spawn")
    ports, times, stop = context.Queue(), context.SimpleQueue(), context.Event()
    url = database_url or f"sqlite:///{folder / 'bench.sqlite'}"
    listener = context.Process(target=_listen, args=(folder / "spool", url, load.associations, ports, stop))
    listener.start()
    try:
        port = ports.get(timeout=_START_SECONDS)
        together = context.Barrier(load.associations)
        senders = [context.Process(target=_send, args=(share, port, together, times)) for share in shares]
        for sender in senders:
            sender.start()
        answered = [times.get() for _ in senders]
        for sender in senders:
            sender.join()
    finally:
        stop.set()
        listener.join()
    return _summary(load, answered)


def _write_files(folder: Path, load: Load, share: int) -> list[Path]:
    """CT slices of noise, which no file system compresses."""
    folder.mkdir()
    rng = np.random.default_rng(share)
    count = load.instances // load.associations + (share < load.instances % load.associations)
    study, series = generate_uid(), generate_uid()
    return [_write_file(folder / f"{n}.dcm", load.kilobytes, (study, series), rng) for n in range(count)]


def _write_file(path: Path, kilobytes: int, uids: tuple[str, str], rng: np.random.Generator) -> Path:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uids
    dataset.PatientID, dataset.Modality = "BENCH", "CT"
    dataset.Rows, dataset.Columns = kilobytes, 512
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.PixelData = rng.bytes(kilobytes * 1024)
    dataset.save_as(path, enforce_file_format=True)
    return path


def _listen(spool: Path, url: str, associations: int, ports: "multiprocessing.Queue[int]", stop: Event) -> None:
    engine = make_engine(url)
    migrate(engine)
    listener = Listener(
        node=Node(
            bind="127.0.0.1",
            port=0,
            maximum_associations=associations + 2,
            maximum_associations_per_address=associations + 2,
        ),
        peers=[Peer(ae_title="BENCH", address="127.0.0.1")],
        destinations=[],
        spool=Spool(spool, minimum_free=0),
        ledger=DatabaseLedger(make_sessions(engine)),
        on_stored=lambda: None,
    )
    ports.put(listener.start())
    stop.wait()
    listener.stop()
    engine.dispose()


def _send(paths: list[Path], port: int, together: Barrier, times: "multiprocessing.SimpleQueue[list[float]]") -> None:
    """Send files over one association; put the moments of start and of each response (one clock for all processes)."""
    destination = Destination(name="bench", ae_title="OPPORTUNE", address="127.0.0.1", port=port)
    moments: list[float] = []
    try:
        together.wait(_START_SECONDS)
        moments.append(time.monotonic())
        sent = send_files(paths, destination, "BENCH", Timeouts())
        moments.extend(time.monotonic() for result in sent if result.stored)
    finally:  # nobody may wait for a sender that failed
        times.put(moments)


def _summary(load: Load, answered: list[list[float]]) -> Received:
    if sum(len(moments) for moments in answered) != load.instances + load.associations:
        raise RuntimeError(f"not all of {load.instances} objects were stored")
    seconds = max(moments[-1] for moments in answered) - min(moments[0] for moments in answered)
    # the first wait of an association is its negotiation as well
    waits = [later - earlier for moments in answered for earlier, later in pairwise(moments[1:])]
    return Received(
        associations=load.associations,
        instances=load.instances,
        objects_per_second=load.instances / seconds,
        megabytes_per_second=load.instances * load.kilobytes / 1000 / seconds,
        median_milliseconds=statistics.median(waits) * 1000,
        slowest_milliseconds=max(waits) * 1000,
    )
