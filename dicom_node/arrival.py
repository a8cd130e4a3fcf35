"""The data set of a C-STORE request while it arrives: it goes to the spool as it comes, never as a whole to memory."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from dicom_node.limits import Budget
from dicom_node.spool_file import Stored
from screening.errors import SpoolUnavailable

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """A C-STORE request, without its data set."""

    abstract_syntax: str  #: of the presentation context that it came in
    sop_class_uid: str  #: Affected SOP Class UID
    sop_instance_uid: str  #: Affected SOP Instance UID, as the peer wrote it
    transfer_syntax_uid: str


class Unfinished(Protocol):
    """A file on its way into the spool."""

    name: str  #: in the spool
    size: int  #: bytes so far

    def write(self, chunk: "ReadableBuffer") -> None:
        """Append."""
        ...

    def keep(self) -> Stored:
        """Make it durable."""
        ...

    def drop(self) -> None:
        """Remove it."""
        ...


class Arrival:
    """A data set on its way into the spool.

    It takes what comes even when it cannot be kept, as a peer listens to no answer before it has sent everything;
    `keep` tells why then.

    Parameters
    ----------
    request
        The request whose data set it is.
    begin
        Begins a file, with the head of PS3.10 in it; None: the request is refused already, its data set is of no use.
    budget
        Bytes that all associations share.
    """

    def __init__(self, request: Incoming, begin: Callable[[], Unfinished] | None, budget: Budget) -> None:
        self.request = request
        self._budget = budget
        self._taken = 0
        self._file: Unfinished | None = None
        self._failure: SpoolUnavailable | None = None
        if begin is not None:
            try:
                self._file = begin()
            except SpoolUnavailable as exc:
                self._failure = exc

    def write(self, fragment: memoryview) -> None:
        """Take a fragment; it is not needed afterwards."""
        if self._file is None:
            return
        try:
            if not self._budget.take(len(fragment)):
                raise SpoolUnavailable("more data sets arrive at once than node.maximum_arriving_mb")
            self._taken += len(fragment)
            self._file.write(fragment)
        except SpoolUnavailable as exc:
            self._failure = exc
            self.drop()

    @property
    def stored(self) -> Stored:
        """What will be in the spool when it is kept; raises SpoolUnavailable if that failed already."""
        file = self._whole()
        return Stored(name=file.name, size=file.size)

    def keep(self) -> None:
        """Make it durable, once; raises SpoolUnavailable if it is not, and the file is there still."""
        self._whole().keep()

    def leave(self) -> None:
        """The file is to stay, whatever became of it."""
        self._file = None
        self._let_go()

    def drop(self) -> None:
        """Leave nothing of it, unless it was left."""
        if self._file is not None:
            self._file.drop()
        self.leave()

    def _whole(self) -> Unfinished:
        if self._file is None:
            raise self._failure or SpoolUnavailable("the data set was not kept")
        return self._file

    def _let_go(self) -> None:
        self._budget.give_back(self._taken)
        self._taken = 0
