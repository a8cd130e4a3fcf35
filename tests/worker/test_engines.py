"""Who runs a model that is loaded, run after run."""

import logging
from importlib import metadata
from pathlib import Path

import pytest
import torch

from models.engines import openvino_import
from models.engines.cache import Cache
from models.engines.compiling import compile_part
from models.engines.engine import Part
from models.engines.openvino_engine import Run
from models.engines.torch_engine import TorchEngine
from tests.models.engines.tiny import flat, picture
from tests.worker.factories import make_request
from tests.worker.fake_model import FakeModel
from worker import engines
from worker.engines import Settled, settle
from worker.request import ScreenRequest

TORCH = f"torch {torch.__version__.split('+')[0]} (cpu)"
OPENVINO = f"OpenVINO {metadata.version('openvino')} (cpu)"


@pytest.fixture(scope="module")
def compiled() -> bytes:
    return compile_part(flat(), threads=1)


@pytest.fixture
def part() -> Part:
    return flat()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "engines")


def asked(cache: Cache, **changes: object) -> ScreenRequest:
    return make_request(**({"engine": "auto", "engine_cache": cache.folder} | changes))


def write(cache: Cache, request: ScreenRequest, compiled: bytes) -> None:
    cache.write(request.model_name, request.config_digest, {"trunk": compiled})


def test_openvino_takes_what_was_compiled(part: Part, cache: Cache, compiled: bytes) -> None:
    request = asked(cache)
    write(cache, request, compiled)
    assert settle(FakeModel(parts=(part,)), request, threads=1, before=None) == Settled(OPENVINO, waits=False)
    assert isinstance(part.network.forward, Run)
    with torch.inference_mode():
        torch.testing.assert_close(part.network(picture()), flat().network(picture()), rtol=1e-5, atol=1e-5)


def test_torch_runs_a_model_until_it_was_compiled(
    part: Part, cache: Cache, compiled: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    model, request = FakeModel(parts=(part,)), asked(cache)
    with caplog.at_level(logging.INFO, engines.__name__):
        first = settle(model, request, threads=1, before=None)
        again = settle(model, request, threads=1, before=first)
        assert first == again == Settled(TORCH, waits=True)
        assert not isinstance(part.network.forward, Run)
        write(cache, request, compiled)
        assert settle(model, request, threads=1, before=again) == Settled(OPENVINO, waits=False)
    name = f"{model.card.name} {model.card.version}"
    assert caplog.messages == [f"{name} is run by {TORCH}", f"{name} is run by {OPENVINO}"]
    assert isinstance(part.network.forward, Run)


def test_once_settled_nothing_is_looked_up(cache: Cache, compiled: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    settled = Settled(OPENVINO, waits=False)
    monkeypatch.setattr(Cache, "read", None)
    assert settle(FakeModel(), asked(cache), threads=1, before=settled) is settled


def test_what_was_compiled_for_other_weights_is_not_taken(part: Part, cache: Cache, compiled: bytes) -> None:
    write(cache, asked(cache, config_digest="a" * 64), compiled)
    assert settle(FakeModel(parts=(part,)), asked(cache), threads=1, before=None) == Settled(TORCH, waits=True)
    assert not isinstance(part.network.forward, Run)


@pytest.mark.parametrize("changes", [{"engine": "torch"}, {}], ids=["asked for", "without OpenVINO"])
def test_torch_stays_where_it_shall(
    part: Part, cache: Cache, compiled: bytes, changes: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(cache, asked(cache), compiled)
    if not changes:
        monkeypatch.setattr(openvino_import, "find_spec", lambda _: None)
    settled = settle(FakeModel(parts=(part,)), asked(cache, **changes), threads=1, before=None)
    assert settled == Settled(TORCH, waits=False)
    assert not isinstance(part.network.forward, Run)


def test_an_openvino_that_does_not_load_is_told_once_and_torch_runs(
    part: Part, cache: Cache, compiled: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ImportError("libtbb.so.12: cannot open shared object file")

    request = asked(cache)
    write(cache, request, compiled)
    monkeypatch.setattr(engines, "OpenVinoEngine", broken)
    with caplog.at_level(logging.WARNING):
        settled = settle(FakeModel(parts=(part,)), request, threads=1, before=None)
        assert settle(FakeModel(parts=(part,)), request, threads=1, before=settled) == Settled(TORCH, waits=False)
    assert caplog.messages == [f"OpenVINO cannot be used (ImportError): torch runs {request.model_name}"]


def test_a_gpu_is_torchs(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    monkeypatch.setattr(TorchEngine, "take", lambda self, _: taken.append(self.name))
    request = asked(cache, device="cuda", half_precision=True)
    settled = settle(FakeModel(), request, threads=1, before=None)
    assert taken == [settled.engine]
    assert settled.engine.endswith("(cuda, half precision)")
    assert not settled.waits


def test_without_a_cache_torch_runs(part: Part, cache: Cache) -> None:
    settled = settle(FakeModel(parts=(part,)), asked(cache, engine_cache=None), threads=1, before=None)
    assert settled.engine == TORCH
