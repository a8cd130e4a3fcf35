"""C-STORE as SCU: result objects, and files as they are. Nothing is ever encoded again on the way."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID
from pynetdicom import build_context
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext
from pynetdicom.status import STORAGE_SERVICE_CLASS_STATUS

from dicom_node.identity import Timeouts, prepare_pynetdicom
from dicom_node.part10 import split, split_bytes
from dicom_node.requestor import AssociationFailed, Response, associate, send_c_store
from dicom_node.sr_fallback import FALLBACKS, fallback_classes, restamp
from screening.errors import BadHeader
from screening.reports import FORMS, ObjectKind, ReportObject, SendResult
from screening.settings import Destination

NO_CONTEXT = "no presentation context"
"""How the detail of a result begins when the destination takes the SOP Class in no way (SendResult.permanent)."""

_SENDING_ORDER = (ObjectKind.SC, ObjectKind.SR, ObjectKind.SEG, *FORMS)
"""Pictures first: a viewer that opens a report looks for what it refers to."""

_MAXIMUM_CONTEXTS = 128
"""Presentation contexts of one association: odd numbers of one byte (PS3.8 9.3.2.2)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileResult:
    """What became of one file.

    status: the C-STORE status (PS3.4 B.2.3); None when there was no answer, or nothing was sent.
    """

    path: Path
    status: int | None
    detail: str

    @property
    def stored(self) -> bool:
        """0x0000 Success, or 0xBxxx Warning: stored with coercion."""
        return self.status is not None and (self.status == 0 or 0xB000 <= self.status <= 0xBFFF)


def store(
    destination: Destination, our_ae_title: str, objects: Sequence[ReportObject], timeouts: Timeouts
) -> list[SendResult]:
    """Send result objects in one association, their bytes unchanged; one result for each, in the order given.

    A structured report goes as an older SOP Class when the destination does not take its own (`sr_fallback`).

    Raises
    ------
    DestinationUnavailable
        If there is no association. Nothing was sent then.
    """
    if not objects:
        return []
    try:
        with associate(destination, our_ae_title, _storage_contexts(objects), timeouts) as association:
            return _store_all(association, objects)
    except AssociationFailed as exc:
        if exc.stage != "context":
            raise
        return [_no_context(report.sop_class_uid, report.sop_instance_uid) for report in objects]


def send_files(
    paths: Iterable[Path], destination: Destination, our_ae_title: str, timeouts: Timeouts
) -> Iterator[FileResult]:
    """Send files as they are, in as few associations as their SOP Classes and encodings allow.

    Yields
    ------
    FileResult
        One for each path as soon as it is through; a file that is no DICOM file is known before the others are sent.

    Raises
    ------
    DestinationUnavailable
        If an association cannot be had; what was yielded before stands.
    """
    prepare_pynetdicom()
    batch: list[Path] = []
    pairs: dict[tuple[str, str], None] = {}
    for path in paths:
        try:
            with path.open("rb") as file:
                meta, _ = split(file)
        except (OSError, BadHeader) as exc:
            yield FileResult(path=path, status=None, detail=str(exc))
            continue
        pair = (str(meta.MediaStorageSOPClassUID), str(meta.TransferSyntaxUID))
        if pair not in pairs and len(pairs) == _MAXIMUM_CONTEXTS:
            yield from _send_batch(destination, our_ae_title, batch, list(pairs), timeouts)
            batch, pairs = [], {}
        pairs[pair] = None
        batch.append(path)
    if batch:
        yield from _send_batch(destination, our_ae_title, batch, list(pairs), timeouts)


def _send_batch(
    destination: Destination,
    our_ae_title: str,
    paths: Sequence[Path],
    pairs: Sequence[tuple[str, str]],
    timeouts: Timeouts,
) -> Iterator[FileResult]:
    contexts = [build_context(*pair) for pair in pairs]
    try:
        with associate(destination, our_ae_title, contexts, timeouts) as association:
            ended = False
            for number, path in enumerate(paths):
                result = _send_file(None if ended else association, path, number % 65535 + 1)
                ended = ended or _ended(result)
                yield FileResult(path=path, status=result.status, detail=result.detail)
    except AssociationFailed as exc:
        if exc.stage != "context":
            raise
        yield from (FileResult(path=path, status=None, detail=exc.detail) for path in paths)


def _send_file(association: Association | None, path: Path, message_id: int) -> SendResult:
    meta, data_set = split_bytes(path.read_bytes())
    sop_class_uid, sop_instance_uid = _uids(meta)
    if association is None:
        return _not_sent(sop_class_uid, sop_instance_uid)
    context = accepted_context(association, sop_class_uid, str(meta.TransferSyntaxUID))
    if context is None:
        return _no_context(sop_class_uid, sop_instance_uid)
    response = send_c_store(
        association,
        context=context,
        message_id=message_id,
        sop_class_uid=sop_class_uid,
        sop_instance_uid=sop_instance_uid,
        data_set=data_set,
    )
    return _result(response, sop_class_uid, sop_instance_uid)


def _storage_contexts(objects: Sequence[ReportObject]) -> list[PresentationContext]:
    """One context for each SOP Class and encoding, and for each SOP Class that a report may fall back to."""
    pairs: dict[tuple[str, str], None] = {}
    for report in objects:
        transfer_syntax = _transfer_syntax(report)
        for sop_class_uid in (report.sop_class_uid, *FALLBACKS.get(report.sop_class_uid, ())):
            pairs[sop_class_uid, transfer_syntax] = None
    return [build_context(sop_class_uid, transfer_syntax) for sop_class_uid, transfer_syntax in pairs]


def _store_all(association: Association, objects: Sequence[ReportObject]) -> list[SendResult]:
    results: dict[int, SendResult] = {}
    ended = False
    order = sorted(range(len(objects)), key=lambda index: _SENDING_ORDER.index(objects[index].kind))
    for message_id, index in enumerate(order, start=1):
        report = objects[index]
        if ended:
            results[index] = _not_sent(report.sop_class_uid, report.sop_instance_uid)
        else:
            results[index] = _store_one(association, report, message_id)
            ended = _ended(results[index])
    return [results[index] for index in range(len(objects))]


def _store_one(association: Association, report: ReportObject, message_id: int) -> SendResult:
    transfer_syntax_uid = _transfer_syntax(report)
    context = accepted_context(association, report.sop_class_uid, transfer_syntax_uid)
    if context is None:
        for sop_class_uid in fallback_classes(report):
            context = accepted_context(association, sop_class_uid, transfer_syntax_uid)
            if context is not None:
                report = restamp(report, sop_class_uid)
                break
    if context is None:
        return _no_context(report.sop_class_uid, report.sop_instance_uid)
    _, data_set = split_bytes(report.encoded)
    response = send_c_store(
        association,
        context=context,
        message_id=message_id,
        sop_class_uid=report.sop_class_uid,
        sop_instance_uid=report.sop_instance_uid,
        data_set=data_set,
    )
    return _result(response, report.sop_class_uid, report.sop_instance_uid)


def accepted_context(
    association: Association, sop_class_uid: str, transfer_syntax_uid: str
) -> PresentationContext | None:
    """The accepted context for exactly this SOP Class and encoding."""
    for context in association.accepted_contexts:
        if context.abstract_syntax == sop_class_uid and context.transfer_syntax[0] == transfer_syntax_uid:
            return context
    return None


def _transfer_syntax(report: ReportObject) -> str:
    meta, _ = split(BytesIO(report.encoded))
    return str(meta.TransferSyntaxUID)


def _uids(meta: FileMetaDataset) -> tuple[str, str]:
    return str(meta.MediaStorageSOPClassUID), str(meta.MediaStorageSOPInstanceUID)


def _ended(result: SendResult) -> bool:
    """Whether the association is over: an object got no answer."""
    return result.status is None and not result.permanent


def _result(response: Response, sop_class_uid: str, sop_instance_uid: str) -> SendResult:
    """The destination's Error Comment stays out of it: it is free text and may name a patient."""
    status = response.status
    detail = response.comment if status is None else f"0x{status:04X} {_meaning(status)}"
    return SendResult(status=status, detail=detail, sop_class_uid=sop_class_uid, sop_instance_uid=sop_instance_uid)


def _meaning(status: int) -> str:
    """Name of a C-STORE status (PS3.4 table B.2-1, PS3.7 Annex C)."""
    if status in STORAGE_SERVICE_CLASS_STATUS:
        category, text = STORAGE_SERVICE_CLASS_STATUS[status]
        return text or category
    return "not a status of the Standard"


def _no_context(sop_class_uid: str, sop_instance_uid: str) -> SendResult:
    return SendResult(
        status=None,
        detail=f"{NO_CONTEXT} accepted for {UID(sop_class_uid).name}",
        sop_class_uid=sop_class_uid,
        sop_instance_uid=sop_instance_uid,
    )


def _not_sent(sop_class_uid: str, sop_instance_uid: str) -> SendResult:
    return SendResult(
        status=None,
        detail="not sent: the association ended before",
        sop_class_uid=sop_class_uid,
        sop_instance_uid=sop_instance_uid,
    )
