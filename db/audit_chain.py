"""The chain of the audit trail: each line's digest covers the line and the digest before it.

Changing, adding or removing a line breaks the chain there. Lines cut off at its end, or a chain made anew from some
line on, show against a head that was remembered elsewhere.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.audit import Entry


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """What a digest covers besides the digest before it."""

    sequence: int  #: 1, 2, 3 ... without a gap
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """A line that was the last one once: as long as the chain is whole it is in it."""

    sequence: int
    digest: str  #: SHA-256, 64 hexadecimal digits


BEGINNING = Head(sequence=0, digest="0" * 64)
"""What the first line is chained to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What checking a chain found."""

    lines: int  #: sound lines, from the first
    head: Head  #: the last of them; BEGINNING when there is none
    broken: int | None = None  #: number of the first line that is wrong or missing
    reason: str = ""

    @property
    def sound(self) -> bool:
        """Whether nothing was found wrong."""
        return self.broken is None


def digest_of(before: str, link: Link) -> str:
    """SHA-256 over the digest before and the line, as JSON without blanks, in hexadecimal digits."""
    at = link.at.astimezone(UTC).isoformat(timespec="microseconds")
    values = ["opportune-audit-1", before, link.sequence, at, link.actor, link.action, link.subject, link.detail]
    return hashlib.sha256(json.dumps(values, separators=(",", ":")).encode("ascii")).hexdigest()


def check(entries: Iterable["Entry"], remembered: Iterable[Head] = ()) -> Verdict:
    """Go through the chain from its first line; stops at the first line that is wrong.

    remembered: heads kept elsewhere. Each must be in the chain.
    """
    known: dict[int, set[str]] = {}
    for head in remembered:
        known.setdefault(head.sequence, set()).add(head.digest)
    last = BEGINNING
    for entry in entries:
        expected = last.sequence + 1
        reason = ""
        if entry.sequence != expected:
            reason = f"line {expected} is missing; the next one is {entry.sequence}"
        elif entry.digest != digest_of(last.digest, entry):
            reason = f"line {expected} was changed, or the line before it replaced"
        elif not known.get(expected, set()) <= {entry.digest}:
            reason = f"line {expected} is not the one that was remembered: the chain was made anew there or before"
        if reason:
            return Verdict(lines=last.sequence, head=last, broken=expected, reason=reason)
        last = Head(sequence=entry.sequence, digest=entry.digest)
    longest = max(known, default=0)
    if longest > last.sequence:
        reason = (
            f"lines {last.sequence + 1} to {longest} are cut off at the end: a remembered head has number {longest}"
        )
        return Verdict(lines=last.sequence, head=last, broken=last.sequence + 1, reason=reason)
    return Verdict(lines=last.sequence, head=last)
