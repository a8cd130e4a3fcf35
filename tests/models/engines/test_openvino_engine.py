"""Who answers: OpenVINO, or torch where that cannot."""

import logging
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

import pytest
import torch

from models.engines.compiling import compile_part
from models.engines.engine import Part
from models.engines.openvino_engine import OpenVinoEngine, Run, properties
from tests.models.engines.tiny import SHAPE, flat, picture


@pytest.fixture(scope="module")
def compiled() -> bytes:
    return compile_part(flat(), threads=1)


@pytest.fixture
def taken(compiled: bytes) -> Part:
    part = flat()
    OpenVinoEngine({part.name: compiled}, threads=1).take([part])
    return part


class Failing:
    """A request that cannot be served."""

    def __init__(self) -> None:
        self.asked = 0

    def infer(self, *_: object, **__: object) -> None:
        self.asked += 1
        raise RuntimeError("out of memory\nin node 7")


def test_its_name_says_what_and_where(compiled: bytes) -> None:
    assert OpenVinoEngine({}, threads=1).name == f"OpenVINO {metadata.version('openvino')} (cpu)"


def test_it_runs_in_float32_in_the_threads_that_it_is_given() -> None:
    from models.engines.openvino_import import openvino

    core = openvino().Core()
    part = flat()
    model = core.import_model(compile_part(part, threads=2), "CPU", properties(1))
    assert model.get_property("INFERENCE_NUM_THREADS") == 1
    assert model.get_property("NUM_STREAMS") == 1
    assert model.get_property("ENABLE_CPU_PINNING") is False
    assert model.get_property("INFERENCE_PRECISION_HINT").to_string() == "f32"


def test_a_part_is_taken_over_in_place(taken: Part) -> None:
    assert isinstance(taken.network.forward, Run)
    with torch.inference_mode():
        torch.testing.assert_close(taken.network(picture()), flat().network(picture()), rtol=1e-5, atol=1e-5)


def test_an_answer_stays_when_the_next_is_asked_for(taken: Part) -> None:
    first = taken.network(picture())
    kept = first.clone()
    taken.network(picture() + 1)
    assert torch.equal(first, kept)


def test_what_is_not_contiguous_is_read_as_it_is_meant(taken: Part) -> None:
    x = picture().to(memory_format=torch.channels_last).transpose(2, 3)
    with torch.inference_mode():
        torch.testing.assert_close(taken.network(x), flat().network(x), rtol=1e-5, atol=1e-5)


def test_torch_runs_another_shape(taken: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = Failing()
    monkeypatch.setattr(taken.network.forward, "_request", failing)
    x = picture((2, *SHAPE[1:]))
    with torch.inference_mode():
        assert torch.equal(taken.network(x), flat().network(x))
    assert failing.asked == 0


def test_after_a_fault_torch_runs_the_part(
    taken: Part, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing = Failing()
    monkeypatch.setattr(taken.network.forward, "_request", failing)
    with torch.inference_mode(), caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert torch.equal(taken.network(picture()), flat().network(picture()))
    assert failing.asked == 1
    assert caplog.messages == ["OpenVINO failed on trunk (RuntimeError): torch runs it from now on"]


@pytest.mark.parametrize(
    ("held", "told"),
    [({"trunk": b"no network"}, "trunk cannot be read by OpenVINO (RuntimeError): torch runs it"),
     ({"trunk": b""}, "trunk cannot be read by OpenVINO (RuntimeError): torch runs it"),
     ({}, "trunk was not compiled: torch runs it")],
)  # fmt: skip
def test_what_is_broken_or_missing_is_told_and_torch_runs(
    held: dict[str, bytes], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    part = flat()
    with caplog.at_level(logging.WARNING):
        OpenVinoEngine(held, threads=1).take([part])
    assert caplog.messages == [told]
    assert "forward" not in vars(part.network)


def test_threads_that_ask_at_the_same_time_get_the_bits_of_each_alone(taken: Part) -> None:
    pictures = [torch.rand(SHAPE, generator=torch.Generator().manual_seed(seed)) for seed in range(40)]
    alone = [taken.network(x) for x in pictures]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(taken.network, pictures))
    assert all(torch.equal(found, wanted) for found, wanted in zip(together, alone, strict=True))
