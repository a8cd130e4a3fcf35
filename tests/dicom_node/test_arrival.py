from collections.abc import Callable
from pathlib import Path

import pytest

from dicom_node.arrival import Arrival, Incoming
from dicom_node.limits import Budget
from dicom_node.spool import Spool
from dicom_node.spool_file import SpoolFile
from screening.errors import SpoolUnavailable

REQUEST = Incoming(abstract_syntax="1.2", sop_class_uid="1.2", sop_instance_uid="1.2.3", transfer_syntax_uid="1.2.4")

DATA = memoryview(b"data")


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.fixture
def begin(tmp_path: Path) -> Callable[[], SpoolFile]:
    return Spool(tmp_path, minimum_free=0).begin


def test_fragments_go_to_the_file_and_the_budget_comes_back(tmp_path: Path, begin: Callable[[], SpoolFile]) -> None:
    budget = Budget(10)
    arrival = Arrival(REQUEST, begin, budget)
    arrival.write(memoryview(b"data "))
    arrival.write(memoryview(b"set"))
    assert (arrival.stored.size, budget.left) == (8, 2)
    arrival.keep()
    arrival.leave()
    assert budget.left == 10
    arrival.drop()
    assert [path.read_bytes() for path in _files(tmp_path)] == [b"data set"]


def test_what_is_dropped_leaves_nothing(tmp_path: Path, begin: Callable[[], SpoolFile]) -> None:
    budget = Budget(10)
    arrival = Arrival(REQUEST, begin, budget)
    arrival.write(DATA)
    arrival.drop()
    assert (_files(tmp_path), budget.left) == ([], 10)


def test_more_than_the_budget_is_read_and_not_kept(tmp_path: Path, begin: Callable[[], SpoolFile]) -> None:
    budget = Budget(10)
    arrival = Arrival(REQUEST, begin, budget)
    for _ in range(4):
        arrival.write(DATA)
    assert (_files(tmp_path), budget.left) == ([], 10)
    with pytest.raises(SpoolUnavailable, match=r"node\.maximum_arriving_mb"):
        arrival.keep()
    with pytest.raises(SpoolUnavailable, match=r"node\.maximum_arriving_mb"):
        _ = arrival.stored


def test_a_failing_spool_is_told_at_the_end() -> None:
    def begin() -> SpoolFile:
        raise SpoolUnavailable("full")

    arrival = Arrival(REQUEST, begin, Budget(10))
    arrival.write(DATA)
    with pytest.raises(SpoolUnavailable, match="full"):
        arrival.keep()


def test_a_refused_request_has_no_file() -> None:
    budget = Budget(10)
    arrival = Arrival(REQUEST, None, budget)
    arrival.write(DATA)
    assert budget.left == 10
    with pytest.raises(SpoolUnavailable):
        arrival.keep()


def test_what_was_kept_and_is_not_wanted_goes(tmp_path: Path, begin: Callable[[], SpoolFile]) -> None:
    arrival = Arrival(REQUEST, begin, Budget(10))
    arrival.write(DATA)
    arrival.keep()
    arrival.drop()
    assert _files(tmp_path) == []
