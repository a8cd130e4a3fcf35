"""The child may die, hang, run out of memory or lie: the parent always gets an answer or an error of ours."""

import threading
import time
from collections.abc import Iterator

import pytest

from screening.errors import LeaseLost, SandboxDied, WeightsMismatch
from screening.findings import NotEvaluable
from screening.settings import WorkerSettings
from tests.worker.factories import make_request
from worker.sandbox.parent import Sandbox, environment, limits_of

PIPELINE = "tests.worker.sandbox.pipelines:Misbehaving"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(WorkerSettings(threads=1, memory_limit_mb=8192, job_timeout_seconds=60), PIPELINE)
    yield made
    made.close()


def _pid(sandbox: Sandbox) -> int:
    outcome = sandbox.run(make_request(model_name="well")).outcome
    assert isinstance(outcome, NotEvaluable)
    return int(outcome.reason.split()[1])


def test_an_answer_comes_back_whole(sandbox: Sandbox) -> None:
    outcome, report, stages = sandbox.run(make_request(model_name="measured"))
    assert isinstance(outcome, NotEvaluable)
    assert outcome.code == "age-unknown"
    assert list(stages.seconds) == ["start", "request", "decode", "transfer"]
    assert [len(item.encoded) for item in report.objects] == [128 + 4 + 100_000]


def test_the_child_stays_for_the_next_run(sandbox: Sandbox) -> None:
    assert _pid(sandbox) == _pid(sandbox) == sandbox.pid


def test_a_crash_is_told_with_its_signal_and_the_next_run_gets_a_new_child(sandbox: Sandbox) -> None:
    first = _pid(sandbox)
    with pytest.raises(SandboxDied, match="signal 11"):
        sandbox.run(make_request(model_name="segfault"))
    assert _pid(sandbox) != first


def test_a_child_that_hangs_is_killed() -> None:
    made = Sandbox(WorkerSettings(threads=1, job_timeout_seconds=0.5), PIPELINE)
    with pytest.raises(SandboxDied, match=r"no answer within 0\.5 s"):
        made.run(make_request(model_name="hang"))
    assert made.pid is None


def test_a_child_that_takes_too_much_memory_ends_and_the_parent_goes_on(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxDied, match="out of memory"):
        sandbox.run(make_request(model_name="allocate"))
    assert _pid(sandbox) > 0


def test_an_error_of_ours_keeps_its_class(sandbox: Sandbox) -> None:
    with pytest.raises(WeightsMismatch, match="weights of m differ"):
        sandbox.run(make_request(model_name="weights"))
    assert sandbox.pid is not None


def test_an_unforeseen_fault_is_named_by_type_and_place_without_its_text(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxDied, match=r"KeyError in tests\.worker\.sandbox\.pipelines:\d+") as caught:
        sandbox.run(make_request(model_name="fault"))
    assert "DOE" not in str(caught.value)


def test_a_lost_lease_kills_the_child(sandbox: Sandbox) -> None:
    cancelled = threading.Event()
    threading.Timer(0.3, cancelled.set).start()
    with pytest.raises(LeaseLost):
        sandbox.run(make_request(model_name="hang"), cancelled=cancelled)
    assert sandbox.pid is None


def test_the_child_sees_no_settings(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPPORTUNE_DATABASE_URL", "DATABASE_URL", "PGPASSWORD", "CELERY_BROKER_URL", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "postgresql://u:secret@h/d")
    sandbox.run(make_request(model_name="environment"))


def test_the_child_keeps_the_memory_that_it_used() -> None:
    made = environment(2)
    assert made["OMP_NUM_THREADS"] == "2"
    assert int(made["MALLOC_MMAP_THRESHOLD_"]) > int(made["MALLOC_TRIM_THRESHOLD_"]) > 300 * 512 * 512 * 4


def test_the_child_ends_with_its_parent(sandbox: Sandbox) -> None:
    _pid(sandbox)
    assert sandbox._connection is not None
    sandbox._connection.close()  # what the kernel does to a parent that was killed
    deadline = time.monotonic() + 10
    while sandbox._process is not None and sandbox._process.poll() is None:
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.02)


def test_what_cuda_needs_is_spared_where_it_may_be_used() -> None:
    assert limits_of(WorkerSettings(device="cuda")).cuda
    assert not limits_of(WorkerSettings(device="cpu")).cuda
    assert not limits_of(WorkerSettings(engine="openvino")).cuda


def test_settings_may_switch_confinement_off() -> None:
    assert limits_of(WorkerSettings()).confined
    assert not limits_of(WorkerSettings(confined=False)).confined
