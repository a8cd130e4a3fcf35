"""Tallies say what counting would say, whatever was done."""

import pytest
from sqlalchemy import delete, func, insert, select, text, update

from db import associations, instances, jobs, selections, tallies
from db.engine import Sessions, make_engine, make_sessions, migrate, transaction
from db.node_tables import TallyRow
from db.tables import DeliveryRow, InstanceRow, JobRow, RefusalRow, SelectionRow
from db.tallies import Tallies
from screening import clock
from screening.types import Ineligible, Selection
from tests.db import factories

_KEYS = {
    "associations": ("''", "CASE WHEN refused IS NULL THEN 'accepted' ELSE 'refused' END"),
    "deliveries": ("destination", "state"),
    "instances": ("''", "state"),
    "jobs": ("''", "state"),
    "refusals": ("''", "status"),
    "refused_contexts": ("''", "abstract_syntax"),
    "results": ("kind", "COALESCE(code, '')"),
    "selections": ("kind", "code"),
    "studies": ("''", "CASE WHEN conflict IS NULL THEN 'sound' ELSE 'conflict' END"),
}


def _counted(sessions: Sessions) -> Tallies:
    """The same by counting."""
    found: Tallies = {}
    with transaction(sessions, read_only=True) as s:
        for table, (part, value) in _KEYS.items():
            query = f"SELECT {part} AS part, {value} AS value, count(*) AS number FROM {table} GROUP BY 1, 2"  # noqa: S608
            for row in s.execute(text(query)):
                found.setdefault((table, row.part), {})[str(row.value)] = row.number
    return found


def _read(sessions: Sessions) -> Tallies:
    """What is kept of rows; what is kept of amounts is in test_amounts."""
    with transaction(sessions, read_only=True) as s:
        return {key: values for key, values in tallies.read(s).items() if key[0] in _KEYS}


@pytest.fixture
def busy(sessions: Sessions) -> Sessions:
    """A database in which something of everything happened."""
    caller = {"calling_ae_title": "CT1", "called_ae_title": "OPPORTUNE", "address": "10.1.2.3"}
    with transaction(sessions) as s:
        factories.open_association(s, **caller, rejected_contexts=[("1.2.840.10008.5.1.4.1.1.4", ["1.2"])])
        associations.refuse_association(s, **caller, reason="wrong address")
        instances.refuse(s, association_id=None, sop_class_uid="1", sop_instance_uid="2", status=0xA700, reason="x")
        factories.finished(s, ("pacs", "research"))
        factories.admit(s, factories.make_instance("1.2.3.1.1.2", PatientID="P2"))
        instances.unreadable(s, factories.receive(s), "no-uid", "missing")
        for code in ("too-thick", "too-few", "too-few"):
            rejected = Ineligible(series_instance_uid="1.2.3.1.1", code=code, reason="x")
            selection = Selection(chosen=None, rejected=(rejected,))
            selections.record(s, factories.STUDY, "m", "1", selection, "ineligible", "x")
    with transaction(sessions) as s:
        failed = factories.claim(s, factories.open_job(s, images="other")[0].job_id)
        assert failed is not None
        jobs.fail(s, failed, reason="x", retry_at=None)
    return sessions


def test_what_the_verbs_do_is_counted(busy: Sessions) -> None:
    assert _read(busy) == _counted(busy)
    assert _read(busy)["jobs", ""] == {"inferred": 1, "quarantined": 1}
    assert _read(busy)["selections", "rejected"] == {"too-few": 1}
    assert _read(busy)["studies", ""] == {"conflict": 1}


def test_what_is_rolled_back_was_never_counted(busy: Sessions) -> None:
    before = _read(busy)
    with busy() as s:
        factories.receive(s)
        s.rollback()
    with transaction(busy) as s:
        inner = s.begin_nested()
        factories.receive(s)
        inner.rollback()
    assert _read(busy) == before == _counted(busy)


def test_rows_changed_and_removed_by_hand_are_counted(busy: Sessions) -> None:
    with transaction(busy) as s:
        s.execute(update(InstanceRow).values(state="duplicate"))
        s.execute(update(JobRow).values(attempt=7))
        s.execute(delete(SelectionRow))
        s.execute(update(DeliveryRow).where(DeliveryRow.destination == "research").values(destination="archive"))
    assert _read(busy) == _counted(busy)
    assert ("selections", "rejected") not in _read(busy)
    assert set(_read(busy)["instances", ""]) == {"duplicate"}


def test_folding_keeps_the_numbers_and_leaves_few_lines(busy: Sessions) -> None:
    before = _read(busy)
    with transaction(busy) as s:
        every = tallies.read(s)
        lines = tallies.lines(s)
        assert tallies.fold(s) == lines
        assert tallies.lines(s) == sum(len(values) for values in every.values()) < lines
    assert _read(busy) == before
    with transaction(busy) as s:
        s.execute(update(JobRow).values(state="dismissed"))
    assert _read(busy) == _counted(busy)


def test_a_fold_takes_so_many_lines_the_oldest_first(busy: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _read(busy)
    monkeypatch.setattr("db.tallies._AT_ONCE", 3)
    with transaction(busy) as s:
        newest = s.scalar(select(func.max(TallyRow.id)))
        assert tallies.fold(s) == 3
        assert s.get(TallyRow, newest) is not None
    assert _read(busy) == before


@pytest.mark.postgres
def test_two_that_fold_at_once_and_a_writer_do_not_wait_for_each_other(postgres_url: str) -> None:
    """On SQLite there is one writer at a time."""
    engine = make_engine(postgres_url)
    migrate(engine)
    sessions = make_sessions(engine)
    with transaction(sessions) as s:
        for _ in range(10):
            factories.receive(s)
    with transaction(sessions) as first:
        assert tallies.fold(first) == 10
        with transaction(sessions) as second:
            assert tallies.fold(second) == 0, "it took what another folds"
            factories.receive(second)
    assert _read(sessions)["instances", ""] == {"received": 11}
    engine.dispose()


def test_many_rows_of_one_statement(sessions: Sessions) -> None:
    row = {"sop_class_uid": "1", "sop_instance_uid": "2", "status": 0xA700, "reason": "x", "at": clock.now()}
    with transaction(sessions) as s:
        s.execute(insert(RefusalRow), [row] * 50)
    assert _read(sessions) == {("refusals", ""): {str(0xA700): 50}}
