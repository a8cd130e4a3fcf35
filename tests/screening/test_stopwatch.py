"""Seconds go to one stage each; nobody listening means nothing is kept."""

import threading
from collections.abc import Callable

import pytest

from screening.stopwatch import listening, one_at_a_time, stage, timed


def _clock(*moments: float) -> Callable[[], float]:
    left = list(moments)
    return lambda: left.pop(0)


def test_a_stage_within_another_is_not_part_of_it() -> None:
    with listening(_clock(0, 1, 4, 9)) as watch, stage("predict"), stage("network.lungs"):
        pass
    assert watch.stages.seconds == {"predict": 1 + 5, "network.lungs": 3}


def test_stages_of_one_name_add_up() -> None:
    with listening(_clock(0, 1, 10, 12)) as watch:
        for _ in range(2):
            with stage("decode"):
                pass
    assert watch.stages.seconds == {"decode": 3}


def test_time_between_stages_counts_for_none() -> None:
    with listening(_clock(0, 1, 5, 6)) as watch:
        with stage("decode"):
            pass
        with stage("report"):
            pass
    assert watch.stages.total == 2


def test_a_stage_that_fails_has_taken_its_time() -> None:
    with listening(_clock(0, 2)) as watch, pytest.raises(KeyError), stage("decode"):
        raise KeyError
    assert watch.stages.seconds == {"decode": 2}


def test_a_stage_that_goes_on_is_not_told_yet() -> None:
    with listening(_clock(0, 1)) as watch, stage("report"):
        assert watch.stages.seconds == {}


def test_a_clock_that_goes_back_gives_no_negative_seconds() -> None:
    with listening(_clock(5, 4)) as watch, stage("decode"):
        pass
    assert watch.stages.seconds == {"decode": 0}


def test_nobody_listening_is_no_fault_and_ends_with_the_block() -> None:
    with listening(_clock()) as watch:
        pass
    with stage("decode"):
        pass
    assert watch.stages.seconds == {}


def test_another_thread_is_not_measured() -> None:
    def work() -> None:
        with stage("decode"):
            pass

    with listening(_clock()) as watch:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert watch.stages.seconds == {}


def test_calls_of_a_function_count() -> None:
    double = timed("network.double", lambda x: 2 * x)
    with listening(_clock(0, 1, 2, 5)) as watch:
        assert (double(1), double(2)) == (2, 4)
    assert watch.stages.seconds == {"network.double": 4}


def test_who_finds_it_free_waits_for_nothing() -> None:
    turn = threading.Lock()
    with listening() as watch, one_at_a_time(turn):
        assert turn.locked()
    assert not turn.locked()
    assert watch.stages.seconds == {}


def test_waiting_for_ones_turn_is_a_stage_of_its_own() -> None:
    turn, listens = threading.Lock(), threading.Event()
    turn.acquire()

    def wait() -> None:
        with listening() as watch, stage("report"):
            listens.set()
            with one_at_a_time(turn):
                pass
        told.append(list(watch.stages.seconds))

    told: list[list[str]] = []
    thread = threading.Thread(target=wait)
    thread.start()
    assert listens.wait(10)
    thread.join(0.05)
    turn.release()
    thread.join(10)
    assert told == [["report", "wait"]]


def test_a_turn_ends_with_its_fault() -> None:
    turn = threading.Lock()
    with pytest.raises(KeyError), one_at_a_time(turn):
        raise KeyError
    assert not turn.locked()
