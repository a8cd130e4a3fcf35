"""A network as OpenVINO runs it: the same answers, or none."""

import pytest
import torch

from models.engines.compiling import NotEquivalent, compile_part
from models.engines.engine import Part
from models.engines.openvino_engine import OpenVinoEngine
from tests.models.engines.tiny import SHAPE, Forgetful, deep, flat, picture


def answers(part: Part, compiled: bytes, shape: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Torch's and OpenVINO's."""
    with torch.inference_mode():
        wanted = part.network(picture(shape))
        OpenVinoEngine({part.name: compiled}, threads=1).take([part])
        return wanted, part.network(picture(shape))


def test_a_picture_gives_the_same() -> None:
    part = flat()
    wanted, found = answers(part, compile_part(part, threads=1), SHAPE)
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


def test_so_does_a_volume_of_another_size_than_was_compiled() -> None:
    part = deep()
    wanted, found = answers(part, compile_part(part, threads=1), (1, 2, 17, 40, 9))
    assert found.shape == wanted.shape == (1, 3, 17, 40, 9)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_what_does_not_give_torchs_numbers_is_refused() -> None:
    part = Part(name="forgetful", network=Forgetful().eval(), shape=(1, 4))
    with pytest.raises(NotEquivalent, match=r"^forgetful: off by"):
        compile_part(part, threads=1)


def test_half_precision_would_be_found() -> None:
    """Rounded as bfloat16 does it, whatever this processor has, and only while it is traced, which comes first."""

    class Rounded(Forgetful):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.asked += 1
            return x.to(torch.bfloat16).float() if self.asked == 1 else x

    with pytest.raises(NotEquivalent, match="rounded: off by"):
        compile_part(Part(name="rounded", network=Rounded().eval(), shape=(1, 64)), threads=1)


def test_a_network_that_makes_no_numbers_is_refused() -> None:
    class Broken(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * torch.nan

    with pytest.raises(NotEquivalent, match="off by nan"):
        compile_part(Part(name="broken", network=Broken().eval(), shape=(1, 4)), threads=1)


def test_the_network_stays_as_it_is() -> None:
    part = deep()
    before = {name: value.clone() for name, value in part.network.state_dict().items()}
    compile_part(part, threads=1)
    assert "forward" not in vars(part.network)
    after = part.network.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
