"""On a CPU nothing changes; what is done for a GPU gives the same answers, tried here on the CPU."""

import copy

import pytest
import torch

from models.engines.engine import Part
from models.engines.torch_engine import TorchEngine, lay_out
from tests.models.engines.tiny import deep, flat, picture

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
VERSION = torch.__version__.split("+")[0]


@pytest.mark.parametrize("half", [False, True])
def test_on_a_cpu_a_network_stays_as_it_is(half: bool) -> None:
    part = flat()
    engine = TorchEngine(CPU, half=half)
    engine.take([part])
    assert "forward" not in vars(part.network)
    assert engine.name == f"torch {VERSION} (cpu)"


def test_its_name_says_where_and_how() -> None:
    assert TorchEngine(CUDA).name == f"torch {VERSION} (cuda)"
    assert TorchEngine(CUDA, half=True).name == f"torch {VERSION} (cuda, half precision)"


@pytest.mark.parametrize("part", [flat(), deep()], ids=["picture", "volume"])
def test_channels_last_gives_the_same_numbers(part: Part) -> None:
    plain, axes = copy.deepcopy(part.network), len(part.shape)
    lay_out(part.network, axes=axes, half=None)
    layout = torch.channels_last if axes == 4 else torch.channels_last_3d
    weights = [value for value in part.network.parameters() if value.ndim == axes]
    assert weights
    assert all(value.is_contiguous(memory_format=layout) for value in weights)
    with torch.inference_mode():
        torch.testing.assert_close(part.network(picture(part.shape)), plain(picture(part.shape)))


def test_half_precision_answers_in_float32_and_nearly_the_same() -> None:
    part = flat()
    plain = copy.deepcopy(part.network)
    lay_out(part.network, axes=4, half="cpu")
    with torch.inference_mode():
        found, wanted = part.network(picture()), plain(picture())
    assert found.dtype == torch.float32
    assert not torch.equal(found, wanted)
    torch.testing.assert_close(found, wanted, rtol=1e-2, atol=1e-2)


def test_taking_lays_out_on_cuda_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, str | None]] = []
    monkeypatch.setattr("models.engines.torch_engine.lay_out", lambda _, *, axes, half: asked.append((axes, half)))
    TorchEngine(CPU, half=True).take([flat()])
    TorchEngine(CUDA).take([flat(), deep()])
    TorchEngine(CUDA, half=True).take([flat()])
    assert asked == [(4, None), (5, None), (4, "cuda")]
