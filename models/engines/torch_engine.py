"""Torch runs the networks: as they are on a CPU (the reference), laid out for tensor cores and batched on a GPU."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from models.engines.company import own_company
from models.engines.engine import Part

_LAYOUTS = {4: torch.channels_last, 5: torch.channels_last_3d}  # by the number of a network's input axes


class TorchEngine:
    """The reference engine.

    Parameters
    ----------
    device
        Where the networks lie.
    half
        On CUDA: half precision where torch's autocast holds it to be safe. Faster; probabilities move by more than
        rounding, so that a model must be judged with it. Nothing on a CPU.
    """

    def __init__(self, device: torch.device, *, half: bool = False) -> None:
        self._cuda = device.type == "cuda"
        self._half = half and self._cuda
        self._device = device

    @property
    def name(self) -> str:
        """E.g. "torch 2.13.0 (cpu)"."""
        return f"torch {torch.__version__.split('+')[0]} ({self._device.type}{', half precision' * self._half})"

    def take(self, parts: Sequence[Part]) -> None:
        """On CUDA: channels last, half precision if configured, runs side by side as a batch. On a CPU all stays."""
        if not self._cuda:
            return
        for part in parts:
            lay_out(part.network, axes=len(part.shape), half=self._device.type if self._half else None)
            gather(part.network)


def lay_out(network: nn.Module, *, axes: int, half: str | None) -> None:
    """Let a network take and keep its maps channels last; half: the type of the device to use half precision on."""
    layout = _LAYOUTS.get(axes, torch.contiguous_format)
    plain: Callable[[Tensor], Tensor] = network.forward
    network.to(memory_format=layout)  # type: ignore[call-overload]  # torch's stub knows four axes only

    def forward(x: Tensor) -> Tensor:
        x = x.contiguous(memory_format=layout)
        if half is None:
            return plain(x)
        with torch.autocast(half, dtype=torch.float16):
            return plain(x).float()

    network.forward = forward


def gather(network: nn.Module) -> None:
    """Let what runs that go side by side bring to a network pass it as one batch, along the first axis.

    Numbers then differ in rounding from those of a run alone: kernels are chosen by the size of the batch.
    """
    plain: Callable[[Tensor], Tensor] = network.forward

    def together(inputs: list[Tensor]) -> list[Tensor]:
        if len(inputs) == 1:
            return [plain(inputs[0])]
        return list(torch.split(plain(torch.cat(inputs)), [len(x) for x in inputs]))

    def forward(x: Tensor) -> Tensor:
        company = own_company()
        if company is None:
            return plain(x)
        return company.meet((id(network), x.shape[1:], x.dtype, x.device), x, together)

    network.forward = forward
