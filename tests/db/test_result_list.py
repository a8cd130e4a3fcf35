"""Results as a list."""

import pytest
from sqlalchemy import select

from db import deliveries, result_list
from db.engine import Sessions, transaction
from db.result_list import Answer, Page, Wanted, Way
from db.tables import JobRow
from screening.codes import RISK_HIGH, RISK_LOW, RISK_MODERATE
from screening.jobs import JobState
from tests.db.factories import answer, finished
from tests.db.outcomes import MODEL, findings, refusal, store


def _listed(sessions: Sessions, **wanted: object) -> list[str]:
    with transaction(sessions, read_only=True) as s:
        page = result_list.listed(s, Wanted(**wanted))  # type: ignore[arg-type]
    return [line.accession_number for line in page.lines]


@pytest.fixture
def five(sessions: Sessions) -> Sessions:
    """High (A1, of version 1.0.0), low (A2), moderate (A3), without a stratum (A4, another model), refused (A5)."""
    with transaction(sessions) as s:
        store(s, 1, findings(30, RISK_HIGH))
        store(s, 2, findings(3, RISK_LOW), model_version="1.1.0")
        store(s, 3, findings(8, RISK_MODERATE), model_version="1.1.0", held=("pacs",))
        store(s, 4, findings(55), model_name="bone_muscle_ct", held=("pacs", "ris"))
        store(s, 5, refusal())
    return sessions


def test_a_line_tells_headline_answer_and_delivery(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        finished(s, ("pacs",))
        (line,) = result_list.listed(s, Wanted()).lines
    assert (line.accession_number, line.model, line.version, line.superseded) == ("A1", MODEL, "1.0.0", False)
    head = line.headline
    assert head is not None
    assert (head.code, head.value, head.unit, head.low, head.high, head.horizon_days) == (
        "MORT30",
        12.5,
        "%",
        10,
        15,
        30,
    )
    assert (line.answer, line.stratum, line.out_of_distribution) == (Answer.POSITIVE, "High", 0.5)
    assert [(item.destination, item.state, item.objects) for item in line.sent] == [("pacs", "pending", 2)]
    assert line.held == ()


def test_a_refusal_tells_why(five: Sessions) -> None:
    with transaction(five, read_only=True) as s:
        line = result_list.listed(s, Wanted()).lines[0]
    assert (line.answer, line.headline, line.code) == (Answer.NOT_EVALUABLE, None, "lateral-view")
    assert line.reason == "the picture shows something else"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["A5", "A4", "A3", "A2", "A1"]),
        ({"model": MODEL}, ["A5", "A3", "A2", "A1"]),
        ({"model": "none"}, []),
        ({"versions": [(MODEL, "1.1.0")]}, ["A3", "A2"]),
        ({"versions": []}, []),
        ({"answer": Answer.POSITIVE}, ["A1"]),
        ({"answer": Answer.NEGATIVE}, ["A3", "A2"]),
        ({"answer": Answer.UNGRADED}, ["A4"]),
        ({"answer": Answer.NOT_EVALUABLE}, ["A5"]),
        ({"way": Way.HELD}, ["A4", "A3"]),
        ({"way": Way.DELIVERED}, []),
        ({"way": Way.NOWHERE}, ["A5", "A2", "A1"]),
        ({"way": Way.HELD, "answer": Answer.NEGATIVE}, ["A3"]),
    ],
)
def test_narrowed(five: Sessions, wanted: dict[str, object], found: list[str]) -> None:
    assert _listed(five, **wanted) == found


def test_what_a_destination_took_is_delivered(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        finished(s)
        batch = deliveries.claim_batch(s, 1, owner="x", lease_seconds=60)
        assert batch is not None
    assert _listed(sessions, way=Way.NOWHERE) == ["A1"]
    with transaction(sessions) as s:
        item = batch.deliveries[0]
        deliveries.record(s, item.delivery_id, owner="x", result=answer(item.object), retry_at=None)
    assert _listed(sessions, way=Way.DELIVERED) == ["A1"]
    assert _listed(sessions, way=Way.NOWHERE) == []


def test_held_objects_by_destination(five: Sessions) -> None:
    with transaction(five) as s:
        assert result_list.held(s) == {"pacs": 2, "ris": 1}
        deliveries.release_held(s, "ris", "admin")
        assert result_list.held(s) == {"pacs": 2}


def test_one_that_was_replaced_says_so(five: Sessions) -> None:
    with transaction(five) as s:
        s.scalars(select(JobRow).order_by(JobRow.id)).first().state = JobState.SUPERSEDED  # type: ignore[union-attr]
    with transaction(five, read_only=True) as s:
        assert [line.superseded for line in result_list.listed(s, Wanted()).lines] == [False] * 4 + [True]


def _pages(sessions: Sessions, wanted: Wanted, limit: int) -> list[Page]:
    found, before = [], None
    with transaction(sessions, read_only=True) as s:
        while True:
            found.append(result_list.listed(s, wanted, before=before, limit=limit))
            before = found[-1].before
            if before is None:
                return found


def test_page_after_page_misses_none(five: Sessions) -> None:
    pages = _pages(five, Wanted(), 2)
    assert [[line.accession_number for line in page.lines] for page in pages] == [["A5", "A4"], ["A3", "A2"], ["A1"]]
    assert not any(page.cut for page in pages)


def test_a_page_of_what_is_rare_ends_after_so_many_and_says_so(five: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_list, "LOOKED_AT", 2)
    pages = _pages(five, Wanted(answer=Answer.POSITIVE), 50)
    assert [([line.accession_number for line in page.lines], page.cut) for page in pages] == [
        ([], True), ([], True), (["A1"], False)
    ]  # fmt: skip


def test_nothing_yet(sessions: Sessions) -> None:
    with transaction(sessions, read_only=True) as s:
        assert result_list.listed(s, Wanted()) == Page(lines=(), before=None, cut=False)
        assert result_list.listed(s, Wanted(), before=7).lines == ()
