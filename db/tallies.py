"""Tallies: how many rows are in which state, without counting them: an archive's worth of rows takes seconds to count.

Triggers add a line for each row that comes, goes or changes its state, in the same transaction; the sum of the lines is
the number, exactly. Lines are only added, so that no writer waits for another; `fold` puts many together.
"""

from collections import Counter

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from db.node_tables import TallyRow

ENOUGH = 1000
"""Lines that are worth folding: what they are summed to is less than a tenth of it."""

_AT_ONCE = 20_000

Tallies = dict[tuple[str, str], dict[str, int]]
"""By table and part of it, e.g. ("deliveries", "pacs"): state to number; without those that are 0."""


def read(s: Session) -> Tallies:
    """Every number, of one moment."""
    table = TallyRow
    keys = table.counted, table.part, table.value
    found: Tallies = {}
    for counted, part, value, number in s.execute(
        select(*keys, func.sum(table.number)).group_by(*keys).order_by(*keys)
    ):
        if number:
            found.setdefault((counted, part), {})[value] = int(number)
    return found


def lines(s: Session) -> int:
    """How many lines there are."""
    return s.scalar(select(func.count()).select_from(TallyRow)) or 0


def fold(s: Session) -> int:
    """Replace the oldest lines by their sums; how many. Two may do it at once: none takes the other's lines."""
    oldest = select(TallyRow.id).order_by(TallyRow.id).limit(_AT_ONCE).with_for_update(skip_locked=True)
    taken = s.execute(
        delete(TallyRow)
        .where(TallyRow.id.in_(oldest))
        .returning(TallyRow.counted, TallyRow.part, TallyRow.value, TallyRow.number)
    ).all()
    sums: Counter[tuple[str, str, str]] = Counter()
    for counted, part, value, number in taken:
        sums[counted, part, value] += number
    rows = [
        {"counted": counted, "part": part, "value": value, "number": number}
        for (counted, part, value), number in sums.items()
        if number
    ]
    if rows:
        s.execute(insert(TallyRow), rows)
    return len(taken)
