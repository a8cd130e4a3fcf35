"""Each step of the reconciler, alone and when others fail. The loop is in test_reconciler_loop."""

import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from db import deliveries, jobs, tallies
from db.deliveries import Delivery, PlannedDelivery
from db.engine import transaction
from screening.clock import now
from screening.errors import DatabaseUnavailable, DestinationUnavailable, WeightsMismatch
from screening.jobs import JobState
from screening.reports import DeliveryState, SendResult
from screening.settings import Destination, ModelSettings
from tests.db.factories import make_findings, make_report
from tests.worker.fake_registry import FakeRegistry
from tests.worker.ports import MODEL, FakeBell, bell_of, make_ports, pacs, radiograph, receive
from worker.indexing import index_received
from worker.intake import intake_quiet
from worker.ports import Ports
from worker.reconciler import Reconciler

MODULE = "worker.reconciler"
_MODEL_ON_GPU = ModelSettings(enabled=True, queue="gpu")


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    at: datetime = field(default_factory=now)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def _opened(ports: Ports) -> int:
    """The number of a job that nobody was rung for."""
    receive(ports, radiograph())
    index_received(ports)
    ((job_id, _),) = intake_quiet(ports)
    return job_id


def _inferred(ports: Ports, *destinations: str) -> int:
    """A job whose deliveries wait."""
    job_id = _opened(ports)
    with transaction(ports.sessions) as session:
        claim = jobs.claim(session, job_id, owner="host:1", lease_seconds=60, maximum_attempts=3)
        assert claim is not None
        planned = [
            PlannedDelivery(role=role, destination=name, held=False)
            for name in destinations
            for role in ("card", "measurements")
        ]
        jobs.finish(session, claim, make_findings(), make_report(), planned)
    return job_id


def _states(ports: Ports, job_id: int) -> set[str]:
    with transaction(ports.sessions) as session:
        return {str(item.state) for item in deliveries.of_job(session, job_id)}


def _send(ports: Ports, job_id: int) -> None:
    """What a sender does: the destination answers Success to everything."""
    with transaction(ports.sessions) as session:
        for item in deliveries.of_job(session, job_id):
            batch = deliveries.claim_batch(session, item.delivery_id, owner="s", lease_seconds=60)
            for taken in batch.deliveries if batch is not None else ():
                result = SendResult(
                    status=0,
                    detail="",
                    sop_class_uid=taken.object.sop_class_uid,
                    sop_instance_uid=taken.object.sop_instance_uid,
                )
                deliveries.record(session, taken.delivery_id, owner="s", result=result, retry_at=None)


def test_one_round_takes_an_instance_to_its_worker(ports: Ports, registry: FakeRegistry) -> None:
    settings = ports.settings.model_copy(update={"models": {MODEL: _MODEL_ON_GPU}})
    receive(ports, radiograph())
    Reconciler(replace(ports, settings=settings)).round()
    ((_, queue),) = bell_of(ports).jobs
    assert queue == "gpu"


def test_a_new_job_is_rung_for_before_what_faults_left_behind(
    ports: Ports, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(jobs, "expire_leases", lambda *_: rung.append(len(bell_of(ports).jobs)))
    receive(ports, radiograph())
    Reconciler(ports).round()
    assert rung == [1]


def test_more_than_one_batch_of_instances_is_indexed_in_a_round(
    ports: Ports, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = [500, 500, 3, 0]
    monkeypatch.setattr(f"{MODULE}.index_received", lambda *_: rest.pop(0))
    Reconciler(ports).round()
    assert rest == []


def test_a_job_is_rung_for_once_while_its_message_waits(ports: Ports, registry: FakeRegistry) -> None:
    job_id = _opened(ports)
    bell_of(ports).waiting = 1
    for _ in range(3):
        Reconciler(ports).round()
    assert bell_of(ports).jobs == [(job_id, "screen")]


@pytest.mark.parametrize(("waiting", "rung"), [(0, 2), (1, 1), (None, 1)])
def test_a_lost_message_is_rung_again_only_when_the_queue_stands_empty(
    ports: Ports, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, waiting: int | None, rung: int
) -> None:
    monkeypatch.setattr(f"{MODULE}._RING_AGAIN_SECONDS", 0)
    _opened(ports)
    bell_of(ports).waiting = waiting
    for _ in range(2):
        Reconciler(ports).round()
    assert len(bell_of(ports).jobs) == rung


def test_a_busy_queue_does_not_delay_the_lost_message_of_another(
    ports: Ports, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{MODULE}._RING_AGAIN_SECONDS", 0)
    lost = _opened(ports)
    slow = replace(ports, settings=ports.settings.model_copy(update={"models": {MODEL: _MODEL_ON_GPU}}))
    receive(slow, radiograph(2))  # a revision, in another queue
    bell_of(ports).busy = frozenset({"gpu"})
    for _ in range(2):
        Reconciler(slow).round()
    rung = [job_id for job_id, queue in bell_of(ports).jobs if queue == "screen"]
    assert rung == [lost, lost]
    assert [queue for _, queue in bell_of(ports).jobs].count("gpu") == 1


@pytest.mark.parametrize(("waiting", "rung"), [(0, 2), (1, 1), (None, 1)])
def test_a_lost_message_for_a_delivery_likewise(
    ports: Ports, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, waiting: int | None, rung: int
) -> None:
    monkeypatch.setattr(f"{MODULE}._RING_AGAIN_SECONDS", 0)
    _inferred(ports, "pacs")
    bell_of(ports).waiting = waiting
    for _ in range(2):
        Reconciler(ports).round()
    assert len(bell_of(ports).deliveries) == rung  # one for both objects: they go in one association


@dataclass
class DeadBell(FakeBell):
    """A broker that does not answer."""

    def screen(self, job_id: int, queue: str) -> bool:
        super().screen(job_id, queue)
        return False

    def deliver(self, delivery_id: int) -> bool:
        super().deliver(delivery_id)
        return False

    def depth(self, queue: str) -> int | None:
        return None


def test_a_broker_that_is_down_is_not_asked_for_each_row(
    ports: Ports, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{MODULE}._RING_AGAIN_SECONDS", 0)
    ports = replace(ports, bell=DeadBell())
    job_id = _inferred(ports, "one", "two")
    with transaction(ports.sessions) as session:
        assert len(deliveries.of_job(session, job_id)) == 4
    for number in (2, 3):
        receive(ports, radiograph(number, StudyInstanceUID=f"1.2.{number}", SeriesInstanceUID=f"1.2.{number}.1"))
    Reconciler(ports).round()
    assert len(bell_of(ports).jobs) == 1
    assert len(bell_of(ports).deliveries) == 1
    again = replace(ports, bell=FakeBell())  # the broker is back, and its queues stand empty
    Reconciler(again).round()
    assert len(bell_of(again).jobs) == 2
    assert len(bell_of(again).deliveries) == 2


def test_a_job_whose_worker_died_is_given_to_another(ports: Ports, registry: FakeRegistry) -> None:
    job_id = _opened(ports)
    with transaction(ports.sessions) as session:
        assert jobs.claim(session, job_id, owner="dead", lease_seconds=-1, maximum_attempts=3) is not None
    Reconciler(ports).round()
    with transaction(ports.sessions) as session:
        assert jobs.get(session, job_id).state is JobState.READY
    assert bell_of(ports).jobs == [(job_id, "screen")]


def test_a_job_that_killed_every_worker_is_quarantined(ports: Ports, registry: FakeRegistry) -> None:
    job_id = _opened(ports)
    for _ in range(3):
        with transaction(ports.sessions) as session:
            jobs.claim(session, job_id, owner="dead", lease_seconds=-1, maximum_attempts=3)
    Reconciler(ports).round()
    with transaction(ports.sessions) as session:
        assert jobs.get(session, job_id).state is JobState.QUARANTINED
    assert bell_of(ports).jobs == []


def test_a_delivery_whose_sender_died_is_given_to_another(ports: Ports, registry: FakeRegistry) -> None:
    job_id = _inferred(ports, "pacs")
    with transaction(ports.sessions) as session:
        first = deliveries.of_job(session, job_id)[0].delivery_id
        assert deliveries.claim_batch(session, first, owner="dead", lease_seconds=-1) is not None
    Reconciler(ports).round()
    assert _states(ports, job_id) == {"pending"}
    assert bell_of(ports).deliveries == [first]


STEPS = ("_index", "_take_in", "_expire", "_ring_jobs", "_ring_deliveries", "_commitments", "_sweep", "_fold_tallies")


@pytest.mark.parametrize("failing", STEPS)
@pytest.mark.parametrize("fault", [DatabaseUnavailable("no answer"), WeightsMismatch("differ"), KeyError("DOE^JANE")])
def test_a_step_that_fails_stops_no_other(
    ports: Ports, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failing: str, fault: Exception
) -> None:
    done: list[str] = []

    def step(name: str) -> Callable[[Reconciler], None]:
        def run(_: Reconciler) -> None:
            done.append(name)
            if name == failing:
                raise fault

        return run

    for name in STEPS:
        monkeypatch.setattr(Reconciler, name, step(name))
    Reconciler(ports).round()
    assert done == list(STEPS)
    assert len(caplog.records) == 1
    assert "DOE" not in caplog.text


@dataclass
class Questions:
    """Remembers which destinations were asked, and how; some do not answer."""

    sure: list[str] = field(default_factory=list)
    late: list[tuple[str, int]] = field(default_factory=list)
    down: frozenset[str] = frozenset()

    def make_sure(self, ports: Ports, destination: Destination, only: Collection[int] | None = None) -> None:
        self.sure.append(destination.name)

    def look_up(self, ports: Ports, destination: Destination, sent: Collection[Delivery]) -> None:
        self.late.append((destination.name, len(sent)))
        if destination.name in self.down:
            raise DestinationUnavailable("no route")

    def install(self, monkeypatch: pytest.MonkeyPatch) -> "Questions":
        monkeypatch.setattr(f"{MODULE}.make_sure", self.make_sure)
        monkeypatch.setattr(f"{MODULE}.look_up", self.look_up)
        return self


def test_destinations_are_asked_now_and_then_and_only_those_that_answer_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Questions(down=frozenset({"a"})).install(monkeypatch)
    clock = Clock()
    three = (
        pacs(104, name="a"),
        pacs(105, name="b", commitment="storage-commitment"),
        pacs(106, name="c", commitment="none"),
    )
    reconciler = Reconciler(replace(make_ports(tmp_path, destinations=three), clock=clock))
    for seconds in (0, 30, 29):
        clock.forward(seconds)
        reconciler.round()
    assert asked.sure == ["a", "b"]
    clock.forward(1)
    reconciler.round()
    assert asked.sure == ["a", "b"] * 2


def test_what_was_never_committed_is_looked_up_at_its_own_destination(
    tmp_path: Path, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Questions().install(monkeypatch)
    both = tuple(pacs(104, name=name, commitment="storage-commitment") for name in ("a", "b"))
    ports = make_ports(tmp_path, destinations=both)
    job_id = _inferred(ports, "a")
    _send(ports, job_id)
    with transaction(ports.sessions) as session:
        waiting = [item.delivery_id for item in deliveries.of_job(session, job_id)]
        deliveries.commitment_requested(session, "1.2.3", waiting)
    assert _states(ports, job_id) == {DeliveryState.COMMIT_REQUESTED}
    clock = Clock()
    reconciler = Reconciler(replace(ports, clock=clock))
    reconciler.round()
    clock.forward(ports.settings.delivery.commitment_seconds + 1)
    reconciler.round()
    assert asked.late == [("a", 0), ("b", 0), ("a", 2), ("b", 0)]


def _spooled(ports: Ports, age: float) -> str:
    stored = ports.spool.put(b"bytes")
    moment = time.time() - age
    os.utime(ports.spool.path(stored.name), (moment, moment))
    return stored.name


def test_only_old_files_without_a_row_are_swept(ports: Ports, registry: FakeRegistry) -> None:
    known = receive(ports, radiograph())
    moment = time.time() - 10_000
    os.utime(ports.spool.path(known), (moment, moment))
    old, young = _spooled(ports, 700), _spooled(ports, 500)
    Reconciler(ports).round()
    left = [name for name in (known, old, young) if ports.spool.path(name).is_file()]
    assert left == [known, young]


def test_the_spool_is_swept_every_five_minutes(ports: Ports) -> None:
    clock = Clock()
    reconciler = Reconciler(replace(ports, clock=clock))
    reconciler.round()
    name = _spooled(ports, 700)
    clock.forward(299)
    reconciler.round()
    assert ports.spool.path(name).is_file()
    clock.forward(1)
    reconciler.round()
    assert not ports.spool.path(name).exists()


def test_a_large_spool_is_swept_over_several_rounds(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{MODULE}._SWEPT_IN_A_ROUND", 1)
    old_names = ports.spool.old_names
    monkeypatch.setattr(type(ports.spool), "old_names", lambda _, seconds: old_names(seconds, at_once=1))
    clock = Clock()
    reconciler = Reconciler(replace(ports, clock=clock))
    names = {_spooled(ports, 700) for _ in range(3)}
    left = []
    for _ in range(4):
        reconciler.round()
        left.append(sum(ports.spool.path(name).is_file() for name in names))
    assert left == [2, 1, 0, 0]
    late = _spooled(ports, 700)
    reconciler.round()
    assert ports.spool.path(late).is_file(), "a sweep began before its time"
    clock.forward(300)
    for _ in range(2):
        reconciler.round()
    assert not ports.spool.path(late).exists()


def test_other_steps_have_their_turn_while_images_keep_coming(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    reconciler = Reconciler(replace(ports, clock=clock))
    expired: list[int] = []

    def index(_: Ports, __: set[int]) -> int:
        clock.forward(4)
        return 500

    def expire(_: Reconciler) -> None:
        expired.append(1)
        if len(expired) == 2:
            reconciler.stop()

    monkeypatch.setattr(f"{MODULE}.index_received", index)
    monkeypatch.setattr(Reconciler, "_expire", expire)
    monkeypatch.setattr(Reconciler, "_pause", lambda _: 3600.0)
    reconciler.run()
    assert len(expired) == 2


def test_tallies_are_folded_when_it_is_worth_it(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    receive(ports, radiograph())

    def lines() -> int:
        with transaction(ports.sessions, read_only=True) as session:
            return tallies.lines(session)

    Reconciler(ports).round()
    before = lines()
    monkeypatch.setattr("db.tallies.ENOUGH", before)
    Reconciler(ports).round()
    assert lines() < before
