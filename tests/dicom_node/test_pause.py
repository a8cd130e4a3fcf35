"""The thread of an association takes no message from the moment at which it was stopped."""

import threading
from collections.abc import Iterator

import pytest

from dicom_node.pause import Pause

PATIENCE_SECONDS = 10


class Loop(threading.Thread):
    """A loop like that of pynetdicom's association: waits, and does what may not be done while it is stopped.

    `descheduled` is where the machine may let it lie for as long as it likes.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.pause: threading.Event = Pause(self)
        self.descheduled = threading.Event()  # set: it runs on
        self.passed = threading.Event()  # it has passed the pause and not yet run on
        self.running = False  # does what it may not do while it is stopped
        self.rounds = 0
        self.ended = False

    def run(self) -> None:
        while not self.ended:
            self.pause.wait()
            self.running = True
            self.passed.set()
            self.descheduled.wait(PATIENCE_SECONDS)
            self.rounds += 1
            self.running = False


@pytest.fixture
def loop() -> Iterator[Loop]:
    found = Loop()
    found.start()
    yield found
    found.ended = True
    found.descheduled.set()
    found.pause.set()
    found.join(PATIENCE_SECONDS)


def test_a_thread_that_was_let_go_and_has_not_run_is_no_stopped_one(loop: Loop) -> None:
    """Where pynetdicom's flag says it stands, the response to the next request was taken."""
    assert loop.passed.wait(PATIENCE_SECONDS)
    stopped = threading.Event()

    def stop() -> None:
        loop.pause.clear()
        stopped.set()

    threading.Thread(target=stop, daemon=True).start()
    assert not stopped.wait(0.2)  # it lies before what it may not do any more
    loop.descheduled.set()
    assert stopped.wait(PATIENCE_SECONDS)
    rounds = loop.rounds
    assert not loop.pause.is_set()
    loop.passed.clear()
    assert not loop.passed.wait(0.2)
    assert loop.rounds == rounds


def test_a_thread_that_stands_goes_on_when_it_is_let_go(loop: Loop) -> None:
    loop.descheduled.set()
    loop.pause.clear()
    rounds = loop.rounds
    loop.pause.set()
    loop.passed.clear()
    assert loop.passed.wait(PATIENCE_SECONDS)
    loop.pause.clear()
    assert loop.rounds > rounds


def test_each_time_it_is_let_go_it_does_a_round_and_stands_when_it_is_stopped(loop: Loop) -> None:
    """Between two requests of ours a peer's request is served, however soon the second one follows."""
    loop.descheduled.set()
    loop.pause.clear()
    for _ in range(1000):
        rounds = loop.rounds
        loop.pause.set()
        loop.pause.clear()
        assert not loop.running
        assert loop.rounds > rounds


def test_an_ended_thread_is_not_waited_for() -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    pause = Pause(thread)
    pause.clear()
    assert not pause.is_set()


def test_the_thread_itself_may_stop_what_comes_next() -> None:
    told: list[bool] = []

    def run() -> None:
        pause.clear()
        told.append(pause.wait(0.01))

    thread = threading.Thread(target=run)
    pause = Pause(thread)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    assert told == [False]
