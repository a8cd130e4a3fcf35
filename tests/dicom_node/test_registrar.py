"""What waits together is written together, and each of those who wait learns its own fate."""

import threading
from collections.abc import Iterator

import pytest

from dicom_node.entries import AssociationEntry, Registration
from dicom_node.registrar import Batch, Registrar
from screening.errors import CommitUnknown, DatabaseUnavailable


def _association() -> AssociationEntry:
    return AssociationEntry(calling_ae_title="CT1", called_ae_title="OPPORTUNE", address="10.0.0.1")


def _registration(name: str, association: AssociationEntry | None = None) -> Registration:
    return Registration(
        association=association or _association(),
        sop_class_uid="1",
        sop_instance_uid="1",
        transfer_syntax_uid="1",
        spool_name=name,
        size=1,
    )


class _Database:
    """Writes when it is let; remembers what came together."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.let = threading.Event()
        self.begun = threading.Event()
        self.failure: Exception | None = None

    def write(self, batch: Batch) -> None:
        self.begun.set()
        assert self.let.wait(10)
        if "bad" in _names(batch):
            raise ValueError("a bug")
        self.batches.append(batch)
        if self.failure is not None:
            raise self.failure
        for number, entry in enumerate(batch.opened, start=100 * len(self.batches)):
            entry.number = number


def _names(batch: Batch) -> list[str]:
    return [one.spool_name for one in batch.received]


@pytest.fixture
def database() -> _Database:
    return _Database()


@pytest.fixture
def registrar(database: _Database) -> Iterator[Registrar]:
    registrar = Registrar(database.write)
    registrar.start()
    yield registrar
    database.let.set()
    registrar.stop()


def test_what_waits_is_written_together(database: _Database, registrar: Registrar) -> None:
    first = registrar.begin(_registration("a"))
    assert database.begun.wait(10)
    others = [registrar.begin(_registration(name)) for name in "bc"]
    assert not first.done()
    database.let.set()
    for written in (first, *others):
        assert written.result(10) is None
    assert [_names(batch) for batch in database.batches] == [["a"], ["b", "c"]]


def test_an_association_is_opened_with_its_first_object_and_once(database: _Database, registrar: Registrar) -> None:
    database.let.set()
    association = _association()
    for name in "ab":
        registrar.begin(_registration(name, association)).result(10)
    registrar.open(association).result(10)
    registrar.close(association).result(10)
    assert [len(batch.opened) for batch in database.batches] == [1, 0, 0, 0]
    assert [entry.number for batch in database.batches for entry in batch.closed] == [100]


def test_all_that_one_association_waits_for_is_one_batch(database: _Database, registrar: Registrar) -> None:
    first = registrar.begin(_registration("a"))
    assert database.begun.wait(10)
    association = _association()
    waiting = [registrar.open(association), registrar.begin(_registration("b", association))]
    waiting.append(registrar.close(association))
    database.let.set()
    for written in (first, *waiting):
        written.result(10)
    batch = database.batches[1]
    assert (list(batch.opened), _names(batch), list(batch.closed)) == ([association], ["b"], [association])


def test_what_comes_after_the_end_is_refused(database: _Database, registrar: Registrar) -> None:
    """Its association would be written as open once more, and nobody would ever close it."""
    database.let.set()
    association = _association()
    registrar.close(association).result(10)
    with pytest.raises(ValueError, match="after the end"):
        registrar.begin(_registration("a", association)).result(10)
    registrar.open(association).result(10)
    assert [len(batch.opened) for batch in database.batches] == [1, 0]


@pytest.mark.parametrize("failure", [DatabaseUnavailable("down"), CommitUnknown("cut")])
def test_a_database_that_is_down_is_told_to_all(database: _Database, registrar: Registrar, failure: Exception) -> None:
    database.failure = failure
    association = _association()
    waiting = [registrar.begin(_registration(name, association)) for name in "abc"]
    waiting.append(registrar.close(association))
    database.let.set()
    assert [written.exception(10) for written in waiting] == [failure] * 4
    database.failure = None
    assert registrar.begin(_registration("d", association)).result(10) is None


def test_what_is_wrong_with_one_is_not_the_others_fault(database: _Database, registrar: Registrar) -> None:
    first = registrar.begin(_registration("a"))
    assert database.begun.wait(10)
    good, bad, late = [registrar.begin(_registration(name)) for name in ("b", "bad", "c")]
    database.let.set()
    assert [written.exception(10) for written in (first, good, late)] == [None] * 3
    assert isinstance(bad.exception(10), ValueError)


def test_what_waits_at_the_end_is_written(database: _Database) -> None:
    registrar = Registrar(database.write)
    waiting = [registrar.begin(_registration(name)) for name in "ab"]
    database.let.set()
    registrar.start()
    registrar.stop()
    assert [written.done() for written in waiting] == [True, True]
