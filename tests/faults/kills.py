"""Rows 1 to 19: kill -9 at named steps, at random moments, and between two reconcilers."""

import random
import subprocess
import threading
from functools import partial
from pathlib import Path

from screening.failpoints import STEPS
from tests.acceptance.node import wait_for
from tests.faults.bench import PRODUCTION, Bench
from tests.faults.matrix import BOTH, Case, Row, Watch, finish

Process = subprocess.Popen[bytes]

RESUMED_SECONDS = 60

_STUDY_EVERY_SECONDS = 1.0
"""Under random kills: a node that is started again every few seconds shall not fall behind for minutes."""

_WORKED_OFF_SECONDS = 300.0
"""How long is waited for what came during ten kills to be done."""

_WORDS = {
    "listener": "acknowledged never lost; the rest sent again, stored once",
    "worker": f"done within {RESUMED_SECONDS} s, one result",
    "sender": "the same bytes again, one object in the PACS",
}


def kill_at(step: str, case: Case) -> None:
    """Kill a process at a step, start it again, wait until everything is done."""
    with case.common() as made:
        for _ in range(case.effort.kills):
            case.count(made, _killed_once(made, step))
            if step.startswith("worker"):
                case.held_to(RESUMED_SECONDS)
        finish(case, made)


def _killed_once(made: Bench, step: str) -> float:
    role = made.node.process_of(step)
    path = made.study()
    made.inject(f"{step}:kill")
    stored = bool(made.send(path)) and not step.startswith("listener")
    made.await_death(role)
    watch = Watch()
    made.node.start(role)
    if not stored:  # a modality that is not sure sends again
        made.send_until_stored(path)
    made.await_settled()
    return watch.seconds


def random_kills(case: Case) -> None:
    """Kill any process at any moment while studies come, again and again.

    Its recovery is that of what was in hand at a kill. What came meanwhile is worked off, which is another matter: it
    comes faster than a node that dies every few seconds can work.
    """
    rng = random.Random(case.effort.random)
    with case.bench(commitment="storage-commitment") as made:
        left = case.effort.random
        while left > 0:
            burst = min(left, 10)
            left -= burst
            resumed = _burst(made, burst, rng)
            made.await_settled(_WORKED_OFF_SECONDS)
            case.seconds += [*[None] * (burst - 1), resumed]
            case.held_to(RESUMED_SECONDS)
        finish(case, made)
        case.judge(made)  # once for all of them: what is lost stays lost, and to read hundreds of results takes minutes


def _burst(made: Bench, kills: int, rng: random.Random) -> float:
    """So many kills under load; seconds from the last of them until what was in hand then is done."""
    stopped = threading.Event()
    waiting: list[Path] = []

    def sender() -> None:
        while not stopped.is_set():
            waiting.append(made.study())
            stored = {result.path for result in made.send(*waiting) if result.stored}
            waiting[:] = [path for path in waiting if path not in stored]
            stopped.wait(_STUDY_EVERY_SECONDS)

    thread = threading.Thread(target=sender)
    thread.start()
    try:
        for _ in range(kills):
            stopped.wait(rng.uniform(0, 3))
            role = rng.choice(made.node.roles)
            made.node.kill(role)
            watch = Watch()
            in_hand = made.in_hand()
            made.node.start(role)
        made.await_done(*in_hand)
        resumed = watch.seconds
    finally:
        stopped.set()
        thread.join()
    if waiting:
        made.send_until_stored(*waiting)
    return resumed


def another_takes_over(case: Case) -> None:
    """A worker dies and is not started again: the other one gets its job when the lease ends."""
    for _ in range(max(1, case.effort.kills // 10)):
        with case.bench() as made:
            first = made.node.processes["worker"]
            made.node.start("worker")
            second = made.node.processes["worker"]
            made.inject("worker.mid-inference:kill")
            made.send_until_stored(made.study())
            alive = survivor(first, second)
            watch = Watch()
            made.node.processes["worker"] = alive
            made.await_settled()
            case.count(made, watch.seconds)
            case.held_to(RESUMED_SECONDS)


def survivor(first: Process, second: Process) -> Process:
    """Of two processes the one that lives, once the other is dead."""
    dead = wait_for("a dead one of two", lambda: next((p for p in (first, second) if p.poll() is not None), None), 60)
    return second if dead is first else first


def two_reconcilers(case: Case) -> None:
    """One reconciler dies between marking and ringing while another runs beside it."""
    with case.bench() as made:
        second = made.node.processes["reconciler"]
        for _ in range(max(1, case.effort.kills // 4)):
            made.node.start("reconciler")  # beside the first, which keeps running
            first, second = second, made.node.processes["reconciler"]
            made.inject("reconciler.after-mark:kill")
            paths = [made.study() for _ in range(4)]
            made.send_until_stored(*paths)
            second = survivor(first, second)
            watch = Watch()
            made.node.processes["reconciler"] = second
            made.await_settled()
            case.count(made, watch.seconds)
        finish(case, made)


def _kill_rows() -> tuple[Row, ...]:
    rows = []
    for number, step in enumerate(STEPS[:18], start=1):
        role, _, where = step.partition(".")
        rows.append(
            Row(
                number=str(number), fault=f"kill -9 {role}, {where.replace('-', ' ')}", expected=_WORDS[role],
                run=partial(kill_at, step), modes=BOTH, short=step in ("listener.after-fsync", "worker.mid-inference"),
            )
        )  # fmt: skip
    return tuple(rows)


ROWS = (
    *_kill_rows(),
    Row(
        number="1-18", fault="kill -9 any process at random moments under load",
        expected=f"acknowledged never lost, one result each; what was in hand done within {RESUMED_SECONDS} s",
        run=random_kills, modes=BOTH,
    ),
    Row(
        number="9b", fault="kill -9 worker, not started again; another takes over",
        expected=f"done within {RESUMED_SECONDS} s, one result", run=another_takes_over, modes=(PRODUCTION,),
    ),
    Row(
        number="19", fault="kill -9 one of two reconcilers, between mark and message",
        expected="no double effect, all done", run=two_reconcilers, modes=(PRODUCTION,),
    ),
)  # fmt: skip
