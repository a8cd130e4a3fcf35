"""What an engine is given, and what it does with it.

A model names the parts that take its time (`ScreeningModel.parts`). An engine takes them over in place: the part's
`forward` becomes the engine's, what lies around it (heads, attention, calibration) stays torch. So a model is one and
the same code whoever runs it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class Part:
    """A network, or the trunk of one: a tensor in, a tensor out, float32, in evaluation mode."""

    name: str  #: unique within a model; names a file
    network: nn.Module = field(repr=False)
    shape: tuple[int, ...]  #: of what goes in; in axes that vary, an example
    varying: tuple[int, ...] = ()  #: axes whose length differs from image to image

    def fits(self, x: Tensor) -> bool:
        """Whether x has the shape that was named, but for the axes that vary."""
        if x.ndim != len(self.shape):
            return False
        settled = [axis for axis in range(x.ndim) if axis not in self.varying]
        return all(x.shape[axis] == self.shape[axis] for axis in settled)


class Engine(Protocol):
    """Runs networks."""

    @property
    def name(self) -> str:
        """What is told of a result: the library, its version, where it runs."""
        ...

    def take(self, parts: Sequence[Part]) -> None:
        """Run these from now on. What it cannot run stays as it is, with a line in the log."""
        ...
