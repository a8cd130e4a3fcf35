"""Images whose every text names a patient who does not exist, and where those names are looked for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import redis
from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import generate_uid

from tests.servers.redis import RedisServer
from training.phantoms.chest.phantom import Phantom, make_phantom
from training.phantoms.dicom import PhantomPatient, write_radiograph

CANARY = "QXCANARY"
AE_TITLE = f"{CANARY}-AE"
BORN = date(1961, 9, 17)
TAKEN = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)

TRACES = tuple(word.encode() for word in (CANARY, CANARY.lower(), f"{BORN:%Y%m%d}", BORN.isoformat()))
"""What must not be found: any of the texts, and the birth date as DICOM and as Python write it."""

_TEXT = {"PN", "LO", "SH", "ST", "LT", "UT", "UC"}
_GROUPS = {0x0008, 0x0010, 0x0018, 0x0020, 0x0032, 0x0038, 0x0040}
_END = "the-end-of-the-test"


@cache
def _phantom() -> Phantom:
    return make_phantom(31, longest_side=512, age=64)


def text_keywords() -> list[str]:
    """Every text attribute of the groups that describe patient, visit, study, series and equipment."""
    return [
        keyword_for_tag(tag)
        for tag, (vr, multiplicity, _, retired, keyword) in DicomDictionary.items()
        if vr in _TEXT and multiplicity == "1" and not retired and keyword and Tag(tag).group in _GROUPS
        if keyword != "TimezoneOffsetFromUTC"  # a text by VR only
    ]


def write_canary(path: Path, change: Callable[[Dataset], None] | None = None) -> Path:
    """A chest radiograph of a study of its own, with a canary in every text attribute; changed as told."""
    patient = PhantomPatient(patient_id=f"{CANARY}PID", name=f"{CANARY}^JANE", birth_date=BORN)
    study = str(generate_uid(entropy_srcs=[path.name]))
    ds = write_radiograph(path, _phantom(), patient=patient, study_instance_uid=study, acquired=TAKEN)
    for keyword in text_keywords():
        setattr(ds, keyword, f"{CANARY}^JANE" if keyword.endswith("Name") else f"{CANARY}{len(keyword)}")
    ds.PatientBirthDate = f"{BORN:%Y%m%d}"
    ds.PatientID, ds.AccessionNumber = f"{CANARY}PID", f"{CANARY}ACC"
    item = Dataset()
    item.ScheduledProcedureStepDescription = f"{CANARY} in an item"
    ds.RequestAttributesSequence = [item]
    ds.private_block(0x0011, f"{CANARY} CREATOR", create=True).add_new(1, "LO", f"{CANARY} private")
    if change is not None:
        change(ds)
    ds.save_as(path, enforce_file_format=True)
    return path


def traces_in(data: bytes) -> list[str]:
    """The canaries in some bytes, each with what is around it."""
    found = []
    for trace in TRACES:
        at = data.find(trace)
        if at >= 0:
            found.append(f"{trace.decode()}: {data[max(at - 80, 0) : at + 80]!r}")
    return found


def traces_below(folder: Path, *, allowed: tuple[Path, ...] = ()) -> list[str]:
    """The canaries in names and contents of the files below a folder, but for those below allowed places."""
    found = []
    for path in sorted(folder.rglob("*")):
        if any(place == path or place in path.parents for place in allowed):
            continue
        content = path.read_bytes() if path.is_file() else b""
        found += [f"{path.relative_to(folder)}: {trace}" for trace in traces_in(str(path).encode() + b"\n" + content)]
    return found


class ProcessWatch:
    """What `ps` shows of the processes that were started in a folder, and of their children; each text once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.seen: set[bytes] = set()

    def look(self) -> None:
        """Look once more."""
        for process in Path("/proc").iterdir():
            if not process.name.isdigit():
                continue
            try:
                if (process / "cwd").readlink().is_relative_to(self._folder):
                    self.seen |= {(process / "cmdline").read_bytes(), (process / "environ").read_bytes()}
            except OSError:  # it has ended, or is not ours
                continue


@contextmanager
def listening_in(server: RedisServer) -> Iterator[list[str]]:
    """Every command that the broker gets during the block."""
    heard: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        silent = redis.Redis(host="127.0.0.1", port=server.port, socket_timeout=None)  # for as long as a job runs
        with silent as client, client.monitor() as monitor:
            ready.set()
            for command in monitor.listen():
                if _END in command["command"]:
                    return
                heard.append(command["command"])

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield heard
    finally:
        with server.client() as client:
            client.echo(_END)
        thread.join(10)
