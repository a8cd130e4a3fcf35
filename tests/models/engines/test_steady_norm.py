"""The norm that is compiled in place of torch's, and why."""

import copy

import pytest
import torch
from torch import Tensor, nn

from models.engines import compiling
from models.engines.engine import Part
from models.engines.openvino_engine import properties
from models.engines.openvino_import import openvino
from models.engines.steady_norm import SteadyNorm3d, steady
from tests.models.engines.tiny import deep, flat, picture


def norm_of(channels: int) -> nn.InstanceNorm3d:
    torch.manual_seed(0)
    made = nn.InstanceNorm3d(channels, affine=True).eval()
    nn.init.uniform_(made.weight)
    nn.init.uniform_(made.bias)
    return made


@pytest.mark.parametrize("shape", [(1, 3, 4, 5, 6), (2, 3, 1, 7, 2)])
def test_it_is_torchs_norm(shape: tuple[int, ...]) -> None:
    norm, x = norm_of(3), picture(shape) * 9 - 3
    torch.testing.assert_close(SteadyNorm3d(norm)(x), norm(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "norm",
    [nn.InstanceNorm3d(3), nn.InstanceNorm3d(3, affine=True, track_running_stats=True)],
    ids=["plain", "running"],
)
def test_another_kind_of_norm_is_refused(norm: nn.InstanceNorm3d) -> None:
    with pytest.raises(ValueError, match="only a norm with weights and without running statistics"):
        SteadyNorm3d(norm)


def test_a_copy_is_changed_and_what_has_no_such_norm_is_not_copied() -> None:
    network = deep().network
    made = steady(network)
    assert isinstance(made.get_submodule("norm"), SteadyNorm3d)
    assert isinstance(network.get_submodule("norm"), nn.InstanceNorm3d)
    plain = flat().network
    assert steady(plain) is plain


@torch.no_grad()
def test_compiled_it_is_far_closer_to_the_truth_than_openvinos_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A volume of the size of one of our windows. Once OpenVINO's own is as good, this module may go."""
    shape = (1, 16, 24, 120, 152)
    x, network = picture(shape), nn.Sequential(norm_of(16)).eval()
    wanted = copy.deepcopy(network).double()(x.double())
    part = Part(name="norm", network=network, shape=shape)
    ours = _off(part, x, wanted)
    monkeypatch.setattr(compiling, "steady", lambda plain: plain)
    assert ours < 0.25 * _off(part, x, wanted)


def _off(part: Part, x: Tensor, wanted: Tensor) -> float:
    model = openvino().Core().compile_model(compiling._converted(part), "CPU", properties(1))
    return float((torch.from_numpy(model([x.numpy()])[0]) - wanted).abs().max())
