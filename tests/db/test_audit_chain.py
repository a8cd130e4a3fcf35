"""The chain of the audit trail."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from db.audit import Entry
from db.audit_chain import BEGINNING, Head, Link, check, digest_of

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def _chain(*details: str) -> list[Entry]:
    entries: list[Entry] = []
    before = BEGINNING.digest
    for number, detail in enumerate(details, 1):
        link = Link(sequence=number, at=AT, actor="admin", action="retry", subject="job 1", detail=detail)
        before = digest_of(before, link)
        entries.append(
            Entry(sequence=number, at=AT, actor="admin", action="retry", subject="job 1", detail=detail, digest=before)
        )
    return entries


def _changed(entry: Entry, field: str) -> Entry:
    values: dict[str, Any] = {field: "x"}
    return replace(entry, **values)


def _head(entry: Entry) -> Head:
    return Head(sequence=entry.sequence, digest=entry.digest)


def test_a_digest_is_what_it_was() -> None:
    """Another digest would break every trail that was ever written."""
    (entry,) = _chain("a\u00e4")
    assert entry.digest == "3ecfc5fb3d7d19a706897c8176ea42ed79882ec6473eb0128e2ec7ac319a993d"


@pytest.mark.parametrize("field", ["actor", "action", "subject", "detail"])
def test_a_digest_covers_every_field(field: str) -> None:
    first, second, third = _chain("a", "b", "c")
    verdict = check([first, _changed(second, field), third])
    assert (verdict.sound, verdict.broken, verdict.lines) == (False, 2, 1)
    assert "line 2 was changed" in verdict.reason


@pytest.mark.parametrize(
    ("change", "broken", "words"),
    [
        (lambda chain: chain[1:], 1, "line 1 is missing"),
        (lambda chain: [chain[0], chain[2]], 2, "line 2 is missing; the next one is 3"),
        (lambda chain: [chain[0], replace(chain[1], at=AT.replace(year=2025)), chain[2]], 2, "line 2 was changed"),
        (lambda chain: [chain[0], replace(chain[2], sequence=2)], 2, "line 2 was changed"),
        (lambda chain: [*chain, replace(chain[2], sequence=4)], 4, "line 4 was changed"),
    ],
)
def test_the_first_broken_line_is_named(change: Callable[[list[Entry]], list[Entry]], broken: int, words: str) -> None:
    verdict = check(change(_chain("a", "b", "c")))
    assert verdict.broken == broken
    assert words in verdict.reason


def test_what_was_cut_off_shows_against_a_remembered_head() -> None:
    chain = _chain("a", "b", "c", "d")
    assert check(chain[:2]).sound
    verdict = check(chain[:2], [_head(chain[1]), _head(chain[3])])
    assert (verdict.broken, verdict.lines) == (3, 2)
    assert "lines 3 to 4 are cut off" in verdict.reason
    assert check([], [_head(chain[0])]).broken == 1


def test_a_chain_made_anew_shows_against_a_remembered_head() -> None:
    chain, anew = _chain("a", "b", "c"), _chain("a", "x", "c", "d")
    assert check(anew).sound
    verdict = check(anew, [_head(chain[2])])
    assert verdict.broken == 3
    assert "made anew" in verdict.reason


def test_a_whole_chain_with_its_heads() -> None:
    chain = _chain("a", "b", "c")
    verdict = check(chain, [BEGINNING, *map(_head, chain)])
    assert (verdict.sound, verdict.lines, verdict.head, verdict.reason) == (True, 3, _head(chain[2]), "")
    assert check([]).head == BEGINNING
