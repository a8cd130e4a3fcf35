"""Networks are compiled by a confined process of their own, for a child that may not write."""

import fcntl
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models import registry
from models.engines.cache import Cache
from screening.errors import WeightsMismatch
from screening.findings import Findings
from screening.settings import EngineChoice, ModelSettings, Settings, WorkerSettings
from tests.worker.factories import make_request
from tests.worker.fake_registry import FakeRegistry
from training.phantoms.child.phantom import make_child
from training.phantoms.dicom import PhantomPatient, birth_date_of, write_radiograph
from worker.sandbox import warming
from worker.sandbox.parent import Sandbox
from worker.sandbox.protocol import Answer
from worker.sandbox.warming import Warmed, Warming, enabled, missing, wanted
from worker.screen_folder import read_folder

NAME = "pediatric_age_cxr"

Play = Callable[[str], None]


def make_settings(home: Path, *names: str, **worker: object) -> Settings:
    return Settings(
        home=home,
        models={name: ModelSettings(enabled=True) for name in names or (NAME,)} | {"off": ModelSettings()},
        worker=WorkerSettings(threads=1, **worker),
    )


def run(settings: Settings, names: Sequence[str] | None = None) -> list[Warmed]:
    told: list[Warmed] = []
    Warming(settings, names).run(told.append)
    return told


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Plays a child that runs this source."""

    def play(source: str) -> None:
        monkeypatch.setattr(Warming, "_command", lambda *_: [sys.executable, "-c", source])

    return play


def test_a_shipped_model_is_compiled_once_and_then_run_by_a_child(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    assert missing(settings, enabled(settings)) == [NAME]
    (warmed,) = run(settings)
    assert (warmed.model, warmed.compiled, warmed.left, warmed.failure) == (NAME, ("trunk",), (), None)
    assert missing(settings, enabled(settings)) == []
    assert run(settings) == []
    by_torch, by_openvino = screened(tmp_path, "torch", settings), screened(tmp_path, "auto", settings)
    assert by_torch[1].engine.startswith("torch ")
    assert by_openvino[1].engine.startswith("OpenVINO ")
    assert [item.sop_instance_uid for item in by_torch[1].objects] == [
        item.sop_instance_uid for item in by_openvino[1].objects
    ]
    assert isinstance(by_torch[0], Findings)
    assert isinstance(by_openvino[0], Findings)
    assert by_torch[0].conclusion == by_openvino[0].conclusion


def screened(folder: Path, engine: EngineChoice, settings: Settings) -> Answer:
    """What a confined child makes of a simulated radiograph."""
    moment, child = datetime(2026, 3, 2, 10, 15, tzinfo=UTC), make_child(1004, longest_side=400)
    patient = PhantomPatient(patient_id="SIM1", name="Phantom^One", birth_date=birth_date_of(child, moment.date()))
    path = folder / "chest.dcm"
    write_radiograph(path, child, patient=patient, study_instance_uid="2.25.79", acquired=moment)
    ((study,), _) = read_folder(path)
    chosen = registry.selector(NAME)(study).chosen
    assert chosen is not None
    request = make_request(
        model_name=NAME, instances=study.instances, paths=(path,), chosen=chosen, engine=engine,
        engine_cache=settings.engine_cache, config_digest=registry.config_digest(NAME, settings.of_model(NAME)),
    )  # fmt: skip
    sandbox = Sandbox(settings.worker)
    try:
        return sandbox.run(request)
    finally:
        sandbox.close()


def test_other_thresholds_are_another_configuration(tmp_path: Path) -> None:
    """The key is the digest that a job carries: what is found under it belongs to it, whatever else that says."""
    settings = make_settings(tmp_path)
    digest = registry.config_digest(NAME, settings.of_model(NAME))
    Cache(settings.engine_cache).write(NAME, digest, {"trunk": b"compiled"})
    assert missing(settings, [NAME]) == []
    changed = settings.model_copy(update={"models": {NAME: ModelSettings(enabled=True, thresholds=(5.0,))}})
    assert missing(changed, [NAME]) == [NAME]


def test_a_bundle_that_cannot_be_read_lacks_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(home=tmp_path, models={NAME: ModelSettings(enabled=True, bundle=tmp_path / "nowhere")})
    with caplog.at_level(logging.WARNING):
        assert missing(settings, [NAME]) == []
    assert caplog.messages[0].startswith(f"{NAME} is not compiled: model card")


@pytest.mark.parametrize(
    ("worker", "expected"),
    [({}, True), ({"engine": "openvino"}, True), ({"engine": "torch"}, False), ({"device": "cuda"}, False)],
)
def test_it_is_wanted_where_openvino_shall_run_models(
    tmp_path: Path, worker: dict[str, object], expected: bool, child: Play
) -> None:
    child("raise SystemExit('started')")
    settings = make_settings(tmp_path, **worker)
    assert wanted(settings) == expected
    assert bool(run(settings)) == expected


def test_what_the_child_says_of_each_model_is_told(tmp_path: Path, registry: FakeRegistry, child: Play) -> None:
    lines = [
        "a library greets", json.dumps({"model": "unasked", "compiled": []}),
        json.dumps({"model": "a", "compiled": ["bone", "trunk"], "left": ["x (NotEquivalent: off)"], "seconds": 2.4}),
        json.dumps({"model": "b", "failure": "weights\x1b[31m differ"}), json.dumps({"model": "a", "compiled": []}),
        json.dumps({"model": "c", "compiled": 7}), json.dumps([1]),
    ]  # fmt: skip
    child(f"print({chr(10).join(lines)!r}); raise SystemExit(3)")
    registry.selectors = dict.fromkeys("abc", registry.selectors.popitem()[1])
    assert [warmed.told for warmed in run(make_settings(tmp_path, "a", "b", "c"))] == [
        "a: compiled bone, trunk in 2 s; torch goes on running x (NotEquivalent: off)",
        "b was not compiled: weights?[31m differ",
        "c was not compiled: the process that compiles ended with status 3",
    ]


def test_the_log_is_told_unless_somebody_else_is(
    tmp_path: Path, registry: FakeRegistry, child: Play, caplog: pytest.LogCaptureFixture
) -> None:
    child(f"print({json.dumps({'model': 'a', 'compiled': ['trunk'], 'seconds': 1})!r})")
    registry.selectors = dict.fromkeys("ab", registry.selectors.popitem()[1])
    with caplog.at_level(logging.INFO, warming.__name__):
        Warming(make_settings(tmp_path, "a", "b")).run()
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("INFO", "a: compiled trunk in 1 s"),
        ("WARNING", "b was not compiled: the process that compiles ended with status 0"),
    ]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (warmed,) = run(make_settings(tmp_path, engine_cache=tmp_path / "file" / "engines"))
    assert warmed.failure == f"Not a directory: {tmp_path / 'file' / 'engines'}"


@pytest.mark.parametrize("early", [True, False])
def test_it_is_stopped_from_another_thread(tmp_path: Path, child: Play, early: bool) -> None:
    child("import time; time.sleep(600)")
    stopped, told = Warming(make_settings(tmp_path)), list[Warmed]()
    if early:
        stopped.stop()
    thread = threading.Thread(target=stopped.run, args=(told.append,))
    thread.start()
    while not early and stopped._process is None:
        time.sleep(0.01)
    stopped.stop()
    thread.join(30)
    assert not thread.is_alive()
    assert told == []


def waits(pid: int) -> bool:
    """Whether a process waits for a lock, by the kernel's list."""
    return any("->" in line and f" {pid} " in line for line in Path("/proc/locks").read_text().splitlines())


def test_a_second_one_waits_and_finds_all_done(tmp_path: Path) -> None:
    """Two workers of one home start together; here this test is the first."""
    settings = make_settings(tmp_path)
    cache, digest = Cache(settings.engine_cache), registry.config_digest(NAME, settings.of_model(NAME))
    cache.make()
    with (cache.folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.Popen(Warming(settings)._command([NAME]), stdout=subprocess.PIPE)
        while not waits(second.pid):
            assert second.poll() is None
            time.sleep(0.05)
        cache.write(NAME, digest, {"trunk": b"by the first"})
    said, _ = second.communicate(timeout=120)
    assert json.loads(said) == {"model": NAME, "seconds": pytest.approx(0, abs=60)}
    assert cache.read(NAME, digest) == {"trunk": b"by the first"}


def test_a_part_that_cannot_be_compiled_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_part(part: object, *, threads: int) -> bytes:
        if getattr(part, "name", None) == "keypoints":
            raise RuntimeError("unsupported operation\nin a long text")
        return b"compiled"

    name = "spine_fracture_xr"
    monkeypatch.setattr("models.engines.compiling.compile_part", compile_part)
    cache, plan = Cache(tmp_path), {"threads": 1, "signatures": {}}
    said = warming._try(cache, name, ModelSettings(), plan)
    assert said == {"compiled": ["trunk"], "left": ["keypoints (RuntimeError: unsupported operation)"]}
    assert cache.read(name, registry.config_digest(name, ModelSettings())) == {"trunk": b"compiled"}
    assert warming._try(cache, name, ModelSettings(), plan) == {}


def test_weights_that_are_refused_are_told_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*_: object, **__: object) -> None:
        raise WeightsMismatch("weights of m differ")

    monkeypatch.setattr(registry, "load", load)
    said = warming._try(Cache(tmp_path), NAME, ModelSettings(), {"threads": 1, "signatures": {}})
    assert said == {"failure": "weights of m differ"}
    assert list(tmp_path.iterdir()) == []
