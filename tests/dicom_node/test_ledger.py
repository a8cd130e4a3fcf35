"""The ledger in the database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, MRImageStorage
from pynetdicom import build_context
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import IntegrityError

from db import audit, instances, pauses
from db.engine import Sessions, make_engine, make_sessions, migrate, transaction
from db.lasting import LastingConnection
from db.pauses import Part
from db.tables import AssociationRow, InstanceRow, RefusalRow, RefusedContextRow
from dicom_node.entries import AssociationEntry, Registration
from dicom_node.ledger import DatabaseLedger
from dicom_node.registrar import Batch
from screening.errors import CommitUnknown, DatabaseUnavailable
from tests.dicom_node.network import make_dataset, requesting, running_listener, set_uid, wait_until

CR = build_context(ComputedRadiographyImageStorage, ExplicitVRLittleEndian)
MR = build_context(MRImageStorage, ExplicitVRLittleEndian)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    if request.param == "postgres":
        url = str(request.getfixturevalue("postgres_url"))
    engine = make_engine(url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    return make_sessions(engine)


def _associations(sessions: Sessions) -> list[tuple[str, str | None, str | None]]:
    with transaction(sessions) as s:
        rows = s.scalars(select(AssociationRow).order_by(AssociationRow.id))
        return [(row.calling_ae_title, row.ended, row.refused) for row in rows]


def _entry(name: str) -> AssociationEntry:
    return AssociationEntry(calling_ae_title=name, called_ae_title="OPPORTUNE", address="10.0.0.1")


def test_a_listener_writes_its_rows(tmp_path: Path, sessions: Sessions) -> None:
    good, odd = make_dataset(), set_uid(make_dataset(), "SOPInstanceUID", "../../etc/passwd")
    with running_listener(tmp_path / "spool", DatabaseLedger(sessions)) as node:
        with requesting(node.port, [CR, MR]) as association:
            assert association.send_c_store(good).Status == 0
            assert association.send_c_store(odd).Status == 0x0117
        with requesting(node.port, [CR], called="ANOTHER"):
            pass
        wait_until(lambda: [row[1] for row in _associations(sessions)] == ["released", "refused"])
        with transaction(sessions) as s:
            (row,) = instances.received(s)
            assert (row.sop_instance_uid, row.sop_class_uid) == (good.SOPInstanceUID, good.SOPClassUID)
            assert node.spool.path(row.spool_name).stat().st_size == row.size
            assert [path.name for path in node.files()] == [row.spool_name]
            assert s.scalars(select(InstanceRow.association_id)).one() == 1
            refusal = s.scalars(select(RefusalRow)).one()
            assert (refusal.status, refusal.sop_instance_uid) == (0x0117, "../../etc/passwd")
            context = s.scalars(select(RefusedContextRow)).one()
            assert (context.abstract_syntax, context.transfer_syntaxes) == (MRImageStorage, [ExplicitVRLittleEndian])
    assert "'ANOTHER' is not ours" in str(_associations(sessions)[1][2])


def test_a_restart_closes_stale_associations(tmp_path: Path, sessions: Sessions) -> None:
    """As after a kill: the rows of the earlier listener are open, and no thread will ever close them."""
    ledger = DatabaseLedger(sessions)
    entries = [_entry(name) for name in ("CT1", "CT2")]
    entries[0].ended = "released"
    ledger.write(Batch(opened=entries, closed=entries[:1]))
    with running_listener(tmp_path / "spool", ledger):
        assert _associations(sessions) == [("CT1", "released", None), ("CT2", "listener restarted", None)]


def _registration(entry: AssociationEntry, name: str = "ab") -> Registration:
    return Registration(
        association=entry,
        sop_class_uid="1.2",
        sop_instance_uid="1.2.3",
        transfer_syntax_uid="1.2.4",
        spool_name=name,
        size=1,
    )


def test_an_association_and_its_first_object_are_written_together_or_not_at_all(sessions: Sessions) -> None:
    ledger, entry = DatabaseLedger(sessions), _entry("CT1")
    twice = Batch(opened=[entry], received=[_registration(entry), _registration(entry)])  # one file has one row
    with pytest.raises(IntegrityError):
        ledger.write(twice)
    assert (entry.numbers, _associations(sessions)) == ([], [])
    ledger.write(Batch(opened=[entry], received=[_registration(entry)]))
    with transaction(sessions) as s:
        assert s.scalars(select(InstanceRow.association_id)).one() == entry.number
    entry.ended = "released"
    ledger.write(Batch(closed=[entry]))
    assert _associations(sessions) == [("CT1", "released", None)]


def test_an_association_of_which_nobody_knows_whether_it_was_written_is_closed_all_the_same(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row may be there, and no other would ever close it."""

    transaction = LastingConnection.transaction

    @contextmanager
    def cut(kept: LastingConnection) -> Iterator[Connection]:
        with transaction(kept) as connection:
            yield connection
        raise CommitUnknown("the connection was cut")

    ledger, entry = DatabaseLedger(sessions), _entry("CT1")
    with monkeypatch.context() as patched:
        patched.setattr(LastingConnection, "transaction", cut)
        with pytest.raises(CommitUnknown):
            ledger.write(Batch(opened=[entry], received=[_registration(entry)]))
    assert (entry.number, len(entry.doubtful)) == (None, 1)
    ledger.write(Batch(opened=[entry], closed=[entry]))
    assert [row[1] for row in _associations(sessions)] == ["connection lost", "connection lost"]


def test_many_associations_at_once(tmp_path: Path, sessions: Sessions) -> None:
    statuses: list[int] = []

    def send() -> None:
        with requesting(node.port, [CR]) as association:
            statuses.extend(association.send_c_store(make_dataset()).Status for _ in range(5))

    with running_listener(tmp_path / "spool", DatabaseLedger(sessions)) as node:
        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with transaction(sessions) as s:
            known = {row.spool_name for row in instances.received(s)}
    assert known == {path.name for path in node.files()}
    assert statuses == [0] * 20
    assert len(node.files()) == 20


def test_a_database_that_is_gone(tmp_path: Path) -> None:
    """The tables vanish under a running listener: 0xA700 or a failure, and never a file that no row knows."""
    path = tmp_path / "ledger.sqlite"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    with (
        running_listener(tmp_path / "spool", DatabaseLedger(make_sessions(engine))) as node,
        requesting(node.port, [CR]) as association,
    ):
        assert association.send_c_store(make_dataset()).Status == 0
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE instances RENAME TO elsewhere")
        assert association.send_c_store(make_dataset()).Status == 0xA700
        assert len(node.files()) == 1
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO instances")
        assert association.send_c_store(make_dataset()).Status == 0
        assert len(node.files()) == 2
    engine.dispose()


def test_a_database_that_cannot_be_reached() -> None:
    engine = make_engine("postgresql+psycopg2://nobody@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailable):
        DatabaseLedger(make_sessions(engine)).close_stale()
    engine.dispose()


def test_is_own_output(sessions: Sessions) -> None:
    assert not DatabaseLedger(sessions).is_own_output("1.2.3")


def test_a_report_that_nobody_asked_for_is_audited(sessions: Sessions) -> None:
    known = DatabaseLedger(sessions).commitment_reported(
        transaction_uid="1.2.3", stored=["1.2"], failed=[("1.3", 0x0112)], destinations=["pacs"]
    )
    assert not known
    with transaction(sessions) as s:
        (entry,) = audit.newest(s)
    assert (entry.actor, entry.subject) == ("pacs", "1.2.3")
    assert "1 stored, 1 failed" in entry.detail


@pytest.mark.parametrize(
    ("certificate", "shown"), [("", "no certificate"), ("CN=CT1 ab:cd", "certificate 'CN=CT1 ab:cd'")]
)
def test_a_refused_association_is_audited(sessions: Sessions, certificate: str, shown: str) -> None:
    DatabaseLedger(sessions).refuse_association(
        calling_ae_title="CT1",
        called_ae_title="US",
        address="10.9.9.9",
        certificate=certificate,
        reason="wrong address",
    )
    assert _associations(sessions) == [("CT1", "refused", "wrong address")]
    with transaction(sessions) as s:
        (entry,) = audit.newest(s)
    assert (entry.actor, entry.action, entry.subject) == ("CT1", "association refused", "10.9.9.9")
    assert entry.detail == f"called 'US' with {shown}: wrong address"


def test_whether_intake_is_paused(sessions: Sessions) -> None:
    ledger = DatabaseLedger(sessions)
    assert not ledger.intake_paused()
    with transaction(sessions) as s:
        pauses.pause(s, Part.DELIVERY, who="jane", why="x")
    assert not ledger.intake_paused()
    with transaction(sessions) as s:
        pauses.pause(s, Part.INTAKE, who="jane", why="x")
    assert ledger.intake_paused()
