"""Which troubles are told when: new ones at once, growing ones after a pause, lasting ones again, and their end.

A pure function of what is wrong, what was told and the time; `worker.monitoring.notifier` keeps the memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from screening.monitoring_settings import Notify
from screening.printable import printable
from worker.monitoring.troubles import Trouble


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A trouble that was told, as it was then."""

    at: datetime
    number: int


Memory = Mapping[str, Told]
"""By the key of a trouble."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """What is to be said: one line for each trouble, and what is over."""

    lines: tuple[str, ...]
    over: tuple[str, ...]


def compose(
    troubles: Sequence[Trouble], memory: Memory, settings: Notify, now: datetime
) -> tuple[Notice | None, Memory]:
    """The notice that is due, None if none is, and what is remembered once it was told.

    Without a notice the memory may change too: of fewer troubles, fewer are remembered, so that new ones count.
    """
    again, pause = timedelta(hours=settings.again_hours), timedelta(minutes=settings.pause_minutes)
    lines, after = [], {}
    for trouble in troubles:
        before = memory.get(trouble.key)
        if before is None or now - before.at >= again or (trouble.number > before.number and now - before.at >= pause):
            lines.append(_line(trouble, before))
            after[trouble.key] = Told(at=now, number=trouble.number)
        else:
            after[trouble.key] = Told(at=before.at, number=min(trouble.number, before.number))
    over = tuple(sorted(set(memory) - set(after)))
    if not lines and not over:
        return None, after
    return Notice(lines=tuple(lines), over=over), after


def _line(trouble: Trouble, before: Told | None) -> str:
    if before is not None and trouble.number > before.number:
        return f"{trouble.text}, {trouble.number - before.number} more than was told before"
    return trouble.text if before is None else f"still: {trouble.text}"


def subject(notice: Notice, node: str) -> str:
    """One line that says how much is wrong at which node."""
    if not notice.lines:
        return f"{node}: works again"
    more = f" and {len(notice.lines) - 1} more" if len(notice.lines) > 1 else ""
    return printable(f"{node}: {notice.lines[0]}{more}")


def body(notice: Notice, node: str) -> str:
    """The whole text."""
    lines = [f"The Opportune node {node} reports:", ""]
    lines += [f"- {printable(line)}" for line in notice.lines]
    lines += [f"- over: {printable(key)}" for key in notice.over]
    lines += ["", "opportune status, opportune quarantine list and opportune deliveries list tell more."]
    return "\n".join(lines) + "\n"
