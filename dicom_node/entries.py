"""What the listener has to write down of associations, and of the objects that they bring."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

RejectedContext = tuple[str, list[str]]
"""Abstract syntax and the transfer syntaxes offered with it."""


@dataclass(eq=False, kw_only=True, slots=True)
class AssociationEntry:
    """An accepted association. It is written together with the first object that it brings, or a moment later."""

    calling_ae_title: str
    called_ae_title: str
    address: str
    rejected_contexts: Sequence[RejectedContext] = ()
    accepted: float = field(default_factory=time.monotonic)
    ended: str = "connection lost"  #: how; unless we learn better
    number: int | None = None  #: in the ledger, once it is written
    doubtful: list[int] = field(default_factory=list)  #: numbers of which nobody knows whether they were committed
    over: bool = False  #: it is closed, and brings nothing any more

    @property
    def age(self) -> float:
        """Seconds since it was accepted."""
        return time.monotonic() - self.accepted

    @property
    def numbers(self) -> list[int]:
        """Every number under which it may be in the ledger."""
        return self.doubtful if self.number is None else [*self.doubtful, self.number]


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """An object that was received."""

    association: AssociationEntry
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    spool_name: str
    size: int  #: bytes of its file
