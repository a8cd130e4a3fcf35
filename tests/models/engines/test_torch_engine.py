"""On a CPU nothing changes; what is done for a GPU gives the same answers, tried here on the CPU."""

import copy
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from models.engines.company import Company
from models.engines.engine import Part
from models.engines.torch_engine import TorchEngine, gather, lay_out
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


def test_taking_gathers_on_cuda_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("models.engines.torch_engine.lay_out", lambda *_, **__: None)
    monkeypatch.setattr("models.engines.torch_engine.gather", asked.append)
    part = flat()
    TorchEngine(CPU).take([part])
    TorchEngine(CUDA).take([part])
    assert asked == [part.network]


def _together(part: Part, inputs: list[Tensor]) -> list[Tensor]:
    """What each of so many runs that go side by side gets."""
    company = Company(len(inputs), 30)

    def member(x: Tensor) -> Tensor:
        with company.member(), torch.inference_mode():
            found: Tensor = part.network(x)
            return found

    with ThreadPoolExecutor(len(inputs)) as threads:
        return list(threads.map(member, inputs))


def test_runs_side_by_side_pass_a_network_as_one_batch() -> None:
    part, plain = flat(), flat()
    seen: list[int] = []
    part.network.register_forward_hook(lambda _module, inputs, _found: seen.append(len(inputs[0])))
    next(part.network.children()).register_forward_hook(lambda _module, inputs, _found: seen.append(len(inputs[0])))
    gather(part.network)
    inputs = [picture() + number for number in range(3)]
    with torch.inference_mode():
        wanted = [plain.network(x) for x in inputs]
    for found, alone in zip(_together(part, inputs), wanted, strict=True):
        torch.testing.assert_close(found, alone)
    assert sorted(seen) == [1, 1, 1, 3]  # each asked for one; the first layer saw three


def test_pictures_of_other_shapes_make_a_batch_of_their_own() -> None:
    part, plain = flat(), flat()
    gather(part.network)
    inputs = [picture(), picture((1, 1, 24, 16)), picture((2, 1, 16, 16))]
    with torch.inference_mode():
        wanted = [plain.network(x) for x in inputs]
    for found, alone in zip(_together(part, inputs), wanted, strict=True):
        torch.testing.assert_close(found, alone)


def test_who_is_alone_passes_as_before() -> None:
    part, plain = flat(), flat()
    gather(part.network)
    with torch.inference_mode():
        assert torch.equal(part.network(picture()), plain.network(picture()))
