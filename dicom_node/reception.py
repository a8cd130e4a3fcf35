"""What happens to one object that a peer sends: durable in the spool, committed in the ledger, then Success."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from dicom_node.arrival import Arrival, Incoming, Unfinished
from dicom_node.contexts import SECONDARY_CAPTURE_SOP_CLASSES
from dicom_node.entries import AssociationEntry, Registration
from dicom_node.gate import Storage
from dicom_node.ledger import Ledger
from dicom_node.limits import Budget
from dicom_node.part10 import head
from dicom_node.registrar import Registrar
from screening import failpoints
from screening.errors import CommitUnknown, DatabaseUnavailable, IntakePaused, SpoolFailed, SpoolUnavailable
from screening.types import is_uid

logger = logging.getLogger(__name__)

SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110  # PS3.7 Annex C
INVALID_SOP_INSTANCE = 0x0117  # PS3.7 9.1.1.1.9: the UID violates the UID construction rules
OUT_OF_RESOURCES = 0xA700  # PS3.4 table B.2-1
DATA_SET_DOES_NOT_MATCH_SOP_CLASS = 0xA900  # PS3.4 table B.2-1
_ASK_AFTER_SECONDS = (0.2, 0.5, 1.0)
"""Waits before questions about a commit of which nobody knows the outcome: the sender waits meanwhile."""

OWN_OUTPUT = 0xC001  # PS3.4 table B.2-1, the range Cxxx: a sender does not try again


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The response to a C-STORE request."""

    status: int
    comment: str = ""  #: Error Comment (0000,0902), VR LO


class Reception:
    """Takes objects in."""

    def __init__(
        self, storage: Storage, ledger: Ledger, registrar: Registrar, on_stored: Callable[[], None], budget: Budget
    ) -> None:
        self._storage = storage
        self._ledger = ledger
        self._registrar = registrar
        self._on_stored = on_stored
        self._budget = budget
        self._told = False

    def expect(self, incoming: Incoming) -> Arrival:
        """Where the data set of this request is to be written, as it comes."""
        begin = None if _malformed(incoming) is not None else partial(self._begin, incoming)
        return Arrival(incoming, begin, self._budget)

    def receive(self, association: AssociationEntry, arrival: Arrival) -> Answer:
        """Store one object.

        When the answer is Success, the bytes are in the spool and the row is committed. With any other answer, and when
        this raises, the spool holds nothing of the object, unless nobody can tell whether the row was committed: then
        the file stays, and the reconciler removes it where there is no row.

        Parameters
        ----------
        association
            In which it came.
        arrival
            What came, to the last fragment.
        """
        try:
            return self._receive(association, arrival)
        finally:
            arrival.drop()

    def _receive(self, association: AssociationEntry, arrival: Arrival) -> Answer:
        incoming = arrival.request
        try:
            refusal = self._refusal(incoming)
            if refusal is not None:
                self._record(association, incoming, refusal)
                return refusal
            try:
                self._store(association, arrival)
            except SpoolUnavailable as exc:
                logger.error("C-STORE refused with 0xA700: %s", exc)
                self._tell(exc)
                comment = "intake paused" if isinstance(exc, IntakePaused) else "spool unavailable"
                answer = Answer(status=OUT_OF_RESOURCES, comment=comment)
                self._record(association, incoming, answer)
                return answer
        except DatabaseUnavailable as exc:
            logger.error("C-STORE refused with 0xA700: %s", type(exc).__name__)
            return Answer(status=OUT_OF_RESOURCES, comment="database unavailable")
        failpoints.hit("listener.after-commit")
        self._ring()
        return Answer(status=SUCCESS)

    def _refusal(self, incoming: Incoming) -> Answer | None:
        """Why the object is refused by what the request says of it."""
        malformed = _malformed(incoming)
        if malformed is not None:
            return malformed
        # of all that is taken, only secondary captures can be ours: nobody else waits for this question
        own = incoming.sop_class_uid in SECONDARY_CAPTURE_SOP_CLASSES
        if own and self._ledger.is_own_output(incoming.sop_instance_uid):
            return Answer(status=OWN_OUTPUT, comment="made by this node; not screened again")
        return None

    def _begin(self, incoming: Incoming) -> Unfinished:
        unfinished = self._storage.begin()
        unfinished.write(
            head(
                sop_class_uid=incoming.sop_class_uid,
                sop_instance_uid=incoming.sop_instance_uid,
                transfer_syntax_uid=incoming.transfer_syntax_uid,
            )
        )
        return unfinished

    def _store(self, association: AssociationEntry, arrival: Arrival) -> None:
        """Flush the file while its row is committed. Unless both are done, neither is left."""
        incoming, stored = arrival.request, arrival.stored
        registered = self._registrar.begin(
            Registration(
                association=association,
                sop_class_uid=incoming.sop_class_uid,
                sop_instance_uid=incoming.sop_instance_uid,
                transfer_syntax_uid=incoming.transfer_syntax_uid,
                spool_name=stored.name,
                size=stored.size,
            )
        )
        try:
            arrival.keep()
        except SpoolUnavailable as exc:
            self._withdraw(stored.name, registered, arrival, str(exc))
            raise
        try:
            registered.result()
        except CommitUnknown:
            arrival.leave()  # the row may still come: without one, the file is removed by the reconciler
            if not self._is_registered(stored.name):
                raise
        arrival.leave()

    def _withdraw(self, name: str, registered: "Future[None]", arrival: Arrival, reason: str) -> None:
        """Take a row back whose file is not durable: its sender is told to come again, and that must count."""
        try:
            registered.result()
        except CommitUnknown as exc:
            arrival.leave()
            logger.error("the row of a file that is not durable may come: %s", exc)
            return
        except Exception as exc:  # noqa: BLE001 (then there is no row, and the file goes as well)
            logger.error("neither file nor row of an object: %s", type(exc).__name__)
            return
        try:
            self._ledger.withdraw(name, f"{reason}; the sender was told to send it again")
        except DatabaseUnavailable as exc:
            arrival.leave()
            logger.error("the row of a file that is not durable stays: %s", exc)

    def _is_registered(self, name: str) -> bool:
        """Ask by the unique key what became of a commit; False as well when nobody knows."""
        for pause in _ASK_AFTER_SECONDS:
            time.sleep(pause)
            try:
                if self._ledger.is_registered(name):
                    return True
            except DatabaseUnavailable as exc:
                logger.warning("the outcome of a commit is not known yet: %s", exc)
        return False

    def _tell(self, exc: SpoolUnavailable) -> None:
        """Write down, once, that the spool takes nothing any more."""
        if isinstance(exc, SpoolFailed) and not self._told:
            self._ledger.spool_failed(str(exc))
            self._told = True

    def _record(self, association: AssociationEntry, incoming: Incoming, answer: Answer) -> None:
        self._registrar.open(association).result()
        assert association.number is not None  # noqa: S101 (it is open; for the type checker)
        self._ledger.refuse(
            association_id=association.number,
            sop_class_uid=_printable(incoming.sop_class_uid),
            sop_instance_uid=_printable(incoming.sop_instance_uid),
            status=answer.status,
            reason=answer.comment,
        )

    def _ring(self) -> None:
        """Tell that something came. The object is stored: nothing that goes wrong here may turn that into a failure."""
        try:
            self._on_stored()
        except Exception as exc:  # noqa: BLE001
            logger.error("nobody was told of a reception: %s", type(exc).__name__)


def _malformed(incoming: Incoming) -> Answer | None:
    """Why a request is refused whatever its data set is, without asking the ledger."""
    if not is_uid(incoming.sop_instance_uid):
        return Answer(status=INVALID_SOP_INSTANCE, comment="Affected SOP Instance UID is no UID")
    if incoming.sop_class_uid != incoming.abstract_syntax:
        return Answer(
            status=DATA_SET_DOES_NOT_MATCH_SOP_CLASS,
            comment="Affected SOP Class UID is not that of the context",
        )
    return None


def _printable(text: str) -> str:
    """What a peer wrote where a UID belongs, fit for a row of 64 characters."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)[:64]
