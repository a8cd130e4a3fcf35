"""Registrations are written together when they wait together, and each of them learns its own fate."""

import threading
from collections.abc import Sequence

import pytest

from dicom_node.registrar import Registrar, Registration
from screening.errors import CommitUnknown, DatabaseUnavailable


def _registration(name: str) -> Registration:
    return Registration(
        association_id=1, sop_class_uid="1", sop_instance_uid="1", transfer_syntax_uid="1", spool_name=name, size=1
    )


class _Database:
    """Writes when it is let; remembers what came together."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.let = threading.Event()
        self.begun = threading.Event()
        self.failure: Exception | None = None

    def write(self, registrations: Sequence[Registration]) -> None:
        self.begun.set()
        assert self.let.wait(10)
        names = [registration.spool_name for registration in registrations]
        if "bad" in names:
            raise ValueError("a bug")
        self.groups.append(names)
        if self.failure is not None:
            raise self.failure


def test_what_waits_is_written_together() -> None:
    database = _Database()
    registrar = Registrar(database.write)
    first = registrar.begin(_registration("a"))
    assert database.begun.wait(10)
    others = [registrar.begin(_registration(name)) for name in "bc"]
    assert not first.done()
    database.let.set()
    for written in (first, *others):
        assert written.result(10) is None
    assert database.groups == [["a"], ["b", "c"]]


@pytest.mark.parametrize("failure", [DatabaseUnavailable("down"), CommitUnknown("cut")])
def test_a_database_that_is_down_is_told_to_all(failure: Exception) -> None:
    database = _Database()
    database.failure = failure
    registrar = Registrar(database.write)
    waiting = [registrar.begin(_registration(name)) for name in "abc"]
    database.let.set()
    assert [written.exception(10) for written in waiting] == [failure] * 3


def test_what_is_wrong_with_one_is_not_the_others_fault() -> None:
    database = _Database()
    registrar = Registrar(database.write)
    first = registrar.begin(_registration("a"))
    assert database.begun.wait(10)
    good, bad, late = [registrar.begin(_registration(name)) for name in ("b", "bad", "c")]
    database.let.set()
    assert [written.exception(10) for written in (first, good, late)] == [None] * 3
    assert isinstance(bad.exception(10), ValueError)
