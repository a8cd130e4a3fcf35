"""Ports for tests: a real SQLite database and spool, a bell that only remembers."""

import atexit
import shutil
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

from db import instances
from db.engine import make_engine, make_sessions, migrate, transaction
from dicom_node.spool import Spool
from screening.card import Evidence, ModelCard
from screening.settings import Destination, ModelSettings, Node, Settings, WorkerSettings
from tests.worker.factories import STUDY
from worker import spool_owner
from worker.ports import Ports

MODEL = "cap_mortality_cxr"


@dataclass
class FakeBell:
    """Remembers what was rung for."""

    jobs: list[tuple[int, str]] = field(default_factory=list)
    deliveries: list[int] = field(default_factory=list)
    waiting: int | None = 0
    busy: frozenset[str] = frozenset()  #: queues in which messages wait, whatever `waiting` says

    def screen(self, job_id: int, queue: str) -> bool:
        self.jobs.append((job_id, queue))
        return True

    def deliver(self, delivery_id: int) -> bool:
        self.deliveries.append(delivery_id)
        return True

    def depth(self, queue: str) -> int | None:
        return 1 if queue in self.busy else self.waiting


def make_settings(home: Path, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "home": home,
        "node": Node(quiet_seconds=0, minimum_free_mb=0),
        "models": {MODEL: ModelSettings(enabled=True)},
        "worker": WorkerSettings(lease_seconds=30, heartbeat_seconds=0.05),
    }
    return Settings(**{**values, **changes})


def make_ports(folder: Path, **changes: Any) -> Ports:
    settings = make_settings(folder, **changes)
    database = folder / "opportune.sqlite"
    if settings.database_url is None and not database.exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_empty_database(), database)
    engine = make_engine(settings.sqlalchemy_url)
    if settings.database_url is not None:
        migrate(engine)
    ports = Ports(
        settings=settings, sessions=make_sessions(engine), spool=Spool(settings.spool, minimum_free=0), bell=FakeBell()
    )
    spool_owner.claim(ports)  # as a listener does
    return ports


@cache
def _empty_database() -> Path:
    """An SQLite file with the schema: to copy it is much quicker than to make it for each test."""
    folder = Path(tempfile.mkdtemp(prefix="opportune-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "opportune.sqlite"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


def bell_of(ports: Ports) -> FakeBell:
    assert isinstance(ports.bell, FakeBell)
    return ports.bell


def pacs(port: int, **changes: Any) -> Destination:
    values: dict[str, Any] = {
        "name": "pacs",
        "ae_title": "STANDIN",
        "address": "127.0.0.1",
        "port": port,
        "accept_evidence": tuple(Evidence),
    }
    return Destination(**{**values, **changes})


def make_card(**changes: Any) -> ModelCard:
    values: dict[str, Any] = {
        "name": MODEL,
        "version": "1.0.0",
        "title": "30-day mortality in pneumonia",
        "evidence": Evidence.SIMULATION,
        "intended_use": "research",
        "population": "adults",
        "limits": ("simulated",),
        "reference": "AJR 2023",
        "series_base": 9010,
        "input_size": (160, 160),
        "weights_file": "models/model.safetensors",
        "weights_sha256": "0" * 64,
        "trained_on": "phantoms",
    }
    return ModelCard(**{**values, **changes})


def radiograph(number: int = 1, **elements: Any) -> Dataset:
    """A small CR data set with its file meta."""
    ds = Dataset()
    ds.SOPClassUID = ComputedRadiographyImageStorage
    ds.SOPInstanceUID = f"{STUDY}.1.{number}"
    ds.SeriesInstanceUID = f"{STUDY}.1"
    ds.StudyInstanceUID = STUDY
    ds.PatientID = "P1"
    ds.PatientName = "DOE^JANE"
    ds.Modality = "CR"
    ds.BodyPartExamined = "CHEST"
    ds.ViewPosition = "PA"
    ds.InstanceNumber = number
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def receive(ports: Ports, ds: Dataset, *, affected: str | None = None) -> str:
    """What the listener does with a data set; the spool name."""
    buffer = pydicom.filebase.DicomBytesIO()
    pydicom.dcmwrite(buffer, ds, enforce_file_format=True)
    return receive_bytes(ports, buffer.getvalue(), str(affected or ds.SOPInstanceUID))


def receive_bytes(ports: Ports, data: bytes, sop_instance_uid: str) -> str:
    stored = ports.spool.put(data)
    with transaction(ports.sessions) as session:
        instances.register(
            session,
            association_id=None,
            sop_class_uid=ComputedRadiographyImageStorage,
            sop_instance_uid=sop_instance_uid,
            transfer_syntax_uid=ExplicitVRLittleEndian,
            spool_name=stored.name,
            size=stored.size,
        )
    return stored.name
