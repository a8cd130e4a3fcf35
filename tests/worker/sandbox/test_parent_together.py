"""Several requests in one child: each gets its own answer, and a death spares whoever was answered."""

import threading
from collections.abc import Iterator, Sequence

import pytest

from screening.errors import LeaseLost, SandboxDied, WeightsMismatch
from screening.findings import NotEvaluable
from screening.settings import WorkerSettings
from tests.worker.factories import make_request
from tests.worker.sandbox.test_parent import PIPELINE
from worker.sandbox.parent import Sandbox, batch_size
from worker.sandbox.protocol import Answer

SETTINGS = WorkerSettings(threads=1, memory_limit_mb=8192, job_timeout_seconds=60)
Said = dict[int, Answer | Exception]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(SETTINGS, PIPELINE)
    yield made
    made.close()


def _asked(sandbox: Sandbox, names: Sequence[str], cancelled: Sequence[threading.Event] | None = None) -> Said:
    """What was said of each, by its place."""
    requests = [make_request(model_name=name) for name in names]
    return dict(sandbox.run_together(requests, cancelled=cancelled or [threading.Event() for _ in requests]))


def _pids(said: Said) -> set[str]:
    return {
        answer.outcome.reason
        for answer in said.values()
        if isinstance(answer, Answer) and isinstance(answer.outcome, NotEvaluable)
    }


def test_each_gets_its_own_answer_from_one_child(sandbox: Sandbox) -> None:
    said = _asked(sandbox, ["well", "measured", "well"])
    assert sorted(said) == [0, 1, 2]
    assert _pids(said) == {f"pid {sandbox.pid}"}
    stages = [list(answer.stages.seconds) for _, answer in sorted(said.items()) if isinstance(answer, Answer)]
    assert stages == [
        ["start", "request", "transfer"], ["start", "request", "decode", "transfer"], ["start", "request", "transfer"]
    ]  # fmt: skip
    objects = {answer.report.objects[0].sop_instance_uid for answer in said.values() if isinstance(answer, Answer)}
    assert len(objects) == 3


def test_they_run_at_the_same_time(sandbox: Sandbox) -> None:
    said = _asked(sandbox, ["meet", "meet", "meet"])
    assert all(isinstance(answer, Answer) for answer in said.values())


def test_the_child_stays_for_the_next(sandbox: Sandbox) -> None:
    assert _pids(_asked(sandbox, ["well", "well"])) == _pids(_asked(sandbox, ["well"] * 4))
    outcome = sandbox.run(make_request(model_name="well")).outcome
    assert isinstance(outcome, NotEvaluable)
    assert outcome.reason == f"pid {sandbox.pid}"


def test_an_error_of_ours_is_that_of_one_alone(sandbox: Sandbox) -> None:
    said = _asked(sandbox, ["well", "weights", "well"])
    assert isinstance(said[1], WeightsMismatch)
    assert isinstance(said[0], Answer)
    assert isinstance(said[2], Answer)
    assert sandbox.pid is not None


def test_after_a_fault_nobody_foresaw_the_others_end_and_a_new_child_is_started(sandbox: Sandbox) -> None:
    said = _asked(sandbox, ["fault", "well"])
    assert isinstance(said[0], SandboxDied)
    assert "DOE" not in str(said[0])
    assert isinstance(said[1], Answer)
    assert sandbox.pid is None


@pytest.mark.parametrize(("fault", "told"), [("segfault", "signal 11"), ("allocate", "out of memory|exit status 1")])
def test_when_it_dies_everyone_without_an_answer_is_told(sandbox: Sandbox, fault: str, told: str) -> None:
    said = _asked(sandbox, [fault, "hang", "hang"])
    assert sorted(said) == [0, 1, 2]
    for answer in said.values():
        assert isinstance(answer, SandboxDied)
    with pytest.raises(SandboxDied, match=told):
        raise said[0] if isinstance(said[0], Exception) else AssertionError
    assert isinstance(_asked(sandbox, ["well"])[0], Answer)


def test_a_hanging_one_does_not_keep_the_others_from_their_answers() -> None:
    made = Sandbox(SETTINGS.model_copy(update={"job_timeout_seconds": 3.0}), PIPELINE)
    made.warm_up()
    said = _asked(made, ["hang", "well"])
    assert isinstance(said[1], Answer)
    with pytest.raises(SandboxDied, match=r"no answer within 3 s"):
        raise said[0] if isinstance(said[0], Exception) else AssertionError
    assert made.pid is None


def test_one_lost_lease_lets_the_others_end_and_then_kills_the_child(sandbox: Sandbox) -> None:
    lost, held = threading.Event(), threading.Event()
    lost.set()
    said = _asked(sandbox, ["hang", "well"], [lost, held])
    assert isinstance(said[0], LeaseLost)
    assert isinstance(said[1], Answer)
    assert sandbox.pid is None


def test_who_stops_listening_kills_the_child(sandbox: Sandbox) -> None:
    requests = [make_request(model_name=name) for name in ("well", "hang")]
    answers = sandbox.run_together(requests, cancelled=[threading.Event(), threading.Event()])
    next(answers)
    answers.close()
    assert sandbox.pid is None


def test_a_child_that_does_not_start_is_told_to_all() -> None:
    said = _asked(Sandbox(SETTINGS, "tests.worker.sandbox.pipelines:Absent"), ["well", "well"])
    assert [type(answer) for answer in said.values()] == [SandboxDied, SandboxDied]


@pytest.mark.parametrize(
    ("changes", "wanted"), [({"device": "cpu"}, 1), ({"device": "cuda"}, 4), ({"device": "cuda", "batch_size": 2}, 2)]
)
def test_how_many_go_together(changes: dict[str, object], wanted: int) -> None:
    assert batch_size(WorkerSettings.model_validate(changes)) == wanted
