"""Encoded DICOM result objects and where they go."""

from dataclasses import dataclass, field
from enum import StrEnum

from screening.types import require_uid


class ObjectKind(StrEnum):
    """Kinds of result object; the value is what a destination lists under `objects`."""

    SC = "sc"
    SR = "sr"
    SEG = "seg"
    TEXT_SR = "text-sr"
    GSPS = "gsps"
    KOS = "kos"


FORMS: tuple[ObjectKind, ...] = (ObjectKind.TEXT_SR, ObjectKind.GSPS, ObjectKind.KOS)
"""Further forms of a result: made where a destination asks for them, in the order in which they are sent."""


LONGEST_ENGINE = 80  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportObject:
    """One encoded SOP Instance (a whole PS3.10 file), frozen before it is first sent."""

    kind: ObjectKind
    role: str  #: "card", "overlay", "measurements", "masks", "text", "marks", "key-objects": unique within a report
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    encoded: bytes = field(repr=False)

    def __post_init__(self) -> None:
        for name in ("sop_class_uid", "sop_instance_uid", "series_instance_uid"):
            require_uid(name, getattr(self, name))
        if self.encoded[128:132] != b"DICM":
            raise ValueError("encoded must be a PS3.10 file")


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """All objects of one job, in the order in which they are sent: SC, SR, SEG, then `FORMS`."""

    objects: tuple[ReportObject, ...]
    engine: str = ""  #: what ran the model's networks, e.g. "torch 2.13.0 (cpu)"; stands in no object

    def __post_init__(self) -> None:
        if len(self.engine) > LONGEST_ENGINE or not self.engine.isprintable():
            raise ValueError(f"engine must be at most {LONGEST_ENGINE} printable characters, got {self.engine[:200]!r}")
        for name in ("role", "sop_instance_uid"):
            found = [getattr(item, name) for item in self.objects]
            if len(set(found)) != len(found):
                raise ValueError(f"{name} must be unique within a report, got {', '.join(found)}")


class DeliveryState(StrEnum):
    """State of one object on its way to one destination."""

    PENDING = "pending"  #: to be sent, now or at next_attempt_at
    SENDING = "sending"  #: a sender holds the lease
    SENT = "sent"  #: the destination answered 0x0000 or 0xBxxx
    COMMIT_REQUESTED = "commit_requested"  #: N-ACTION accepted, N-EVENT-REPORT awaited
    COMMITTED = "committed"  #: storage commitment, or C-FIND where there is none, found it
    FAILED = "failed"  #: refused for good; an operator decides
    HELD = "held"  #: the destination does not accept this evidence level: a shadow result


@dataclass(frozen=True, kw_only=True, slots=True)
class SendResult:
    """What a destination answered to one C-STORE, or why there was no answer.

    status: the C-STORE status (PS3.4 B.2.3), None when no answer came or no presentation context was accepted.
    sop_class_uid / sop_instance_uid: what was sent, which differs from the object after an SR fallback.
    """

    status: int | None
    detail: str
    sop_class_uid: str
    sop_instance_uid: str

    @property
    def delivered(self) -> bool:
        """0x0000 Success, 0xBxxx Warning (stored with coercion), or 0x0111 Duplicate SOP Instance (stored before).

        A SOP Instance UID of ours names one frozen sequence of bytes, so a duplicate is the same object.
        """
        return self.status is not None and (self.status in (0, 0x0111) or 0xB000 <= self.status <= 0xBFFF)

    @property
    def permanent(self) -> bool:
        """0xA9xx, 0xCxxx, 0x0122 and a rejected presentation context will not change by asking again."""
        if self.status is None:
            return self.detail.startswith("no presentation context")
        return self.status == 0x0122 or 0xA900 <= self.status <= 0xA9FF or 0xC000 <= self.status <= 0xCFFF
