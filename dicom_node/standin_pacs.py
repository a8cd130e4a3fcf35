"""A stand-in for a PACS: for the demo and for tests, never for patients.

It stores what it is sent in a folder, answers C-ECHO and C-FIND at image level, and reports storage commitment on an
association of its own, as archives do. Answers can be scripted.
"""

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pydicom import Dataset, dcmread
from pydicom.uid import (
    BasicTextSRStorage,
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    EnhancedSRStorage,
    ExplicitVRLittleEndian,
    GrayscaleSoftcopyPresentationStateStorage,
    ImplicitVRLittleEndian,
    KeyObjectSelectionDocumentStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)
from pynetdicom import build_context, build_role, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StorageCommitmentPushModel,
    StudyRootQueryRetrieveInformationModelFind,
)
from pynetdicom.transport import ThreadedAssociationServer

from dicom_node.commitment import (
    EVENT_ALL_STORED,
    EVENT_SOME_FAILED,
    NO_SUCH_OBJECT_INSTANCE,
    STORAGE_COMMITMENT_SOP_INSTANCE,
    Reference,
    event_information,
    read_references,
)
from dicom_node.contexts import verification_context
from dicom_node.handlers import reject
from dicom_node.identity import Timeouts, make_ae
from dicom_node.part10 import head
from dicom_node.requestor import associate
from screening.settings import Destination
from screening.types import is_uid

STORED_SOP_CLASSES: tuple[str, ...] = (
    SecondaryCaptureImageStorage,
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    EnhancedSRStorage,
    SegmentationStorage,
    BasicTextSRStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    KeyObjectSelectionDocumentStorage,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    CTImageStorage,
)

_TIMEOUTS = Timeouts(acse=10, dimse=30, network=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Script:
    """How the stand-in misbehaves."""

    statuses: Iterable[int] = ()  #: of the next C-STORE requests; 0 and 0xBxxx keep the object
    rejection: tuple[int, int, int] | None = None  #: result, source, reason of every association
    lose: bool = False  #: answer Success to C-STORE and keep nothing
    find_status: int = 0  #: of C-FIND
    commitment_status: int = 0  #: of N-ACTION
    report_to: Destination | None = None  #: who is told of storage commitment; None: nobody
    report_within: bool = False  #: tell it in the association that asks, as some archives do
    silent: bool = False  #: C-STORE is answered when the stand-in is stopped
    abort_after: int | None = None  #: C-STORE requests answered before the association is aborted


class StandinPacs:
    """A small archive.

    Parameters
    ----------
    folder
        Where objects are kept, as <SOP Instance UID>.dcm.
    ae_title
        Its AE title.
    sop_classes
        SOP Classes that it takes.
    script
        How it misbehaves.
    """

    def __init__(
        self,
        folder: Path,
        ae_title: str = "STANDIN",
        sop_classes: Sequence[str] = STORED_SOP_CLASSES,
        script: Script | None = None,
    ) -> None:
        self.script = script or Script()
        self.reported: list[int] = []  #: statuses that our storage commitment reports were answered with
        self._folder = folder
        self._ae_title = ae_title
        self._statuses = deque(self.script.statuses)
        self._stored = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._ae = make_ae(ae_title, _TIMEOUTS)
        self._contexts = [
            verification_context(),
            *(build_context(uid, [ExplicitVRLittleEndian, ImplicitVRLittleEndian]) for uid in sop_classes),
            build_context(StudyRootQueryRetrieveInformationModelFind, [ExplicitVRLittleEndian, ImplicitVRLittleEndian]),
            build_context(StorageCommitmentPushModel, [ExplicitVRLittleEndian, ImplicitVRLittleEndian]),
        ]
        self._server: ThreadedAssociationServer | None = None

    def start(self, address: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; the port."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._server = self._ae.start_server(
            (address, port),
            block=False,
            contexts=self._contexts,
            evt_handlers=[
                (evt.EVT_REQUESTED, self._on_requested),
                (evt.EVT_C_ECHO, lambda _: 0x0000),
                (evt.EVT_C_STORE, self._on_store),
                (evt.EVT_C_FIND, self._on_find),
                (evt.EVT_N_ACTION, self._on_action),
            ],
        )
        return int(cast("ThreadedAssociationServer", self._server).server_address[1])

    def stop(self) -> None:
        """End all associations and stop listening."""
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            for association in self._server.active_associations:
                association.abort()
            self._server = None

    def objects(self) -> dict[str, Path]:
        """Path of each object by its SOP Instance UID."""
        return {path.stem: path for path in sorted(self._folder.glob("*.dcm"))}

    def _on_requested(self, event: Event) -> None:
        if self.script.rejection is not None:
            reject(event.assoc, self.script.rejection)

    def _on_store(self, event: Event) -> int:
        request = cast("C_STORE", event.request)
        if self.script.silent:
            self._stopping.wait()
        with self._lock:
            if self._stored == self.script.abort_after:
                event.assoc.abort()
                return 0xC000  # not sent any more
            self._stored += 1
            status = self._statuses.popleft() if self._statuses else 0x0000
        uid = str(request.AffectedSOPInstanceUID)
        if not is_uid(uid):
            return 0x0117  # invalid SOP Instance (PS3.7 9.1.1.1.9)
        if (status == 0 or 0xB000 <= status <= 0xBFFF) and not self.script.lose:
            meta = head(
                sop_class_uid=str(request.AffectedSOPClassUID),
                sop_instance_uid=uid,
                transfer_syntax_uid=str(event.context.transfer_syntax),
            )
            (self._folder / f"{uid}.dcm").write_bytes(meta + event.encoded_dataset(include_meta=False))
        return status

    def _on_find(self, event: Event) -> Iterator[tuple[int, Dataset | None]]:
        if self.script.find_status:
            yield self.script.find_status, None
            return
        wanted = event.identifier
        keys = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
        for path in self.objects().values():
            ds = dcmread(path, specific_tags=list(keys), stop_before_pixels=True)
            if all(not wanted.get(key) or ds.get(key) == wanted[key].value for key in keys):
                match = Dataset()
                match.QueryRetrieveLevel = "IMAGE"
                for key in keys:
                    setattr(match, key, ds.get(key))
                yield 0xFF00, match

    def _on_action(self, event: Event) -> tuple[int, None]:
        if self.script.commitment_status == 0:
            transaction_uid, references = read_references(event.action_information)
            if self.script.report_within:
                self._send_report(event.assoc, transaction_uid, references)
            elif self.script.report_to is not None:
                threading.Thread(
                    target=self.report, args=(self.script.report_to, transaction_uid, references), daemon=True
                ).start()
        return self.script.commitment_status, None

    def report(self, to: Destination, transaction_uid: str, references: Sequence[Reference]) -> None:
        """Send a storage commitment report (PS3.4 J.3.3): what is in the folder is committed."""
        context = build_context(StorageCommitmentPushModel, ExplicitVRLittleEndian)
        role = build_role(StorageCommitmentPushModel, scp_role=True)
        with associate(to, self._ae_title, [context], _TIMEOUTS, negotiation=[role]) as association:
            self._send_report(association, transaction_uid, references)

    def _send_report(self, association: Association, transaction_uid: str, references: Sequence[Reference]) -> None:
        here = self.objects()
        stored = [reference for reference in references if reference.sop_instance_uid in here]
        failed = [(reference, NO_SUCH_OBJECT_INSTANCE) for reference in references if reference not in stored]
        answer, _ = association.send_n_event_report(
            event_information(transaction_uid, stored, failed),
            EVENT_SOME_FAILED if failed else EVENT_ALL_STORED,
            StorageCommitmentPushModel,
            STORAGE_COMMITMENT_SOP_INSTANCE,
        )
        self.reported.append(answer.get("Status", -1))
