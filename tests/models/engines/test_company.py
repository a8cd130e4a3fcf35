"""Who waits for whom, and what becomes of a batch that fails."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from models.engines.company import Company, leave_company, own_company
from screening.stopwatch import listening

LONG = 30.0  # seconds: longer than any test takes


class Doubling:
    """Work that remembers how many came at once."""

    def __init__(self, poison: int | None = None) -> None:
        self.batches: list[list[int]] = []
        self._poison = poison

    def __call__(self, inputs: list[int]) -> list[int]:
        self.batches.append(sorted(inputs))
        if self._poison in inputs:
            raise RuntimeError(f"{len(inputs)} inputs, one of them bad")
        return [2 * x for x in inputs]


def _side_by_side(company: Company, runs: Sequence[Callable[[Company], object]]) -> list[object]:
    """What each run gives; each in a thread of its own."""

    def one(run: Callable[[Company], object]) -> object:
        with company.member():
            found = own_company()
            assert found is company
            try:
                return run(found)
            except RuntimeError as exc:
                return exc

    with ThreadPoolExecutor(len(runs)) as threads:
        return list(threads.map(one, runs))


def _bringing(x: int, work: Doubling, place: str = "trunk") -> Callable[[Company], object]:
    return lambda company: company.meet(place, x, work)


def test_all_go_through_at_once_and_each_gets_its_own() -> None:
    work = Doubling()
    assert _side_by_side(Company(4, LONG), [_bringing(x, work) for x in range(4)]) == [0, 2, 4, 6]
    assert work.batches == [[0, 1, 2, 3]]


def test_they_meet_again_before_the_next_network() -> None:
    first, second = Doubling(), Doubling()

    def run(x: int) -> Callable[[Company], object]:
        return lambda company: company.meet("second", company.meet("first", x, first), second)

    assert _side_by_side(Company(3, LONG), [run(x) for x in range(3)]) == [0, 4, 8]
    assert (first.batches, second.batches) == ([[0, 1, 2]], [[0, 2, 4]])


def test_one_that_ends_early_is_not_waited_for() -> None:
    work = Doubling()
    found = _side_by_side(Company(3, LONG), [_bringing(1, work), lambda _: "refused", _bringing(3, work)])
    assert found == [2, "refused", 6]
    assert work.batches == [[1, 3]]


def test_one_that_has_left_is_not_waited_for_while_it_goes_on() -> None:
    work, ended = Doubling(), threading.Event()

    def drawing(company: Company) -> object:
        leave_company()
        leave_company()  # it is alone by now: nothing to leave
        return own_company() is None and ended.wait(LONG)

    def late(company: Company) -> object:
        found = company.meet("trunk", 1, work)
        ended.set()
        return found

    assert _side_by_side(Company(2, LONG), [drawing, late]) == [True, 2]


def test_inputs_of_different_places_do_not_mix() -> None:
    work = Doubling()
    runs = [_bringing(1, work, "a"), _bringing(2, work, "b"), _bringing(3, work, "a")]
    assert _side_by_side(Company(3, LONG), runs) == [2, 4, 6]
    assert sorted(work.batches) == [[1, 3], [2]]


def test_one_that_is_held_up_holds_up_nobody_for_long() -> None:
    work, released = Doubling(), threading.Event()

    def slow(company: Company) -> object:
        assert released.wait(LONG)
        return company.meet("trunk", 9, work)

    def quick(company: Company) -> object:
        found = company.meet("trunk", 1, work)
        released.set()
        return found

    assert _side_by_side(Company(2, 0.05), [quick, slow]) == [2, 18]
    assert work.batches == [[1], [9]]


def test_a_batch_that_fails_is_done_one_by_one_and_fails_for_the_guilty_alone() -> None:
    work = Doubling(poison=2)
    good, bad, other = _side_by_side(Company(3, LONG), [_bringing(x, work) for x in (1, 2, 3)])
    assert (good, other) == (2, 6)
    assert str(bad) == "1 inputs, one of them bad"
    assert work.batches[0] == [1, 2, 3]
    assert sorted(work.batches[1:]) == [[1], [2], [3]]


def test_waiting_is_told_as_such() -> None:
    work = Doubling()

    def run(company: Company) -> object:
        with listening() as watch:
            begun = time.perf_counter()
            company.meet("trunk", 1, work)
            took = time.perf_counter() - begun
        assert list(watch.stages.seconds) == ["wait"]
        return watch.stages.total <= took

    assert _side_by_side(Company(2, LONG), [run, run]) == [True, True]


def test_who_is_alone_has_no_company() -> None:
    assert own_company() is None
    with Company(1).member():
        assert own_company() is not None
    assert own_company() is None


@pytest.mark.parametrize("members", [1, 2])
def test_nobody_waits_for_members_that_have_gone(members: int) -> None:
    company = Company(members, LONG)
    for _ in range(members - 1):
        with company.member():
            pass
    with company.member():
        assert company.meet("trunk", 4, Doubling()) == 8
