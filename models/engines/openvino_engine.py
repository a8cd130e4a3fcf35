"""OpenVINO runs what was compiled for it (`models.engines.compiling`), in float32 and in few threads."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from models.engines.engine import Part
from models.engines.openvino_import import openvino, version
from screening.stopwatch import one_at_a_time

_log = logging.getLogger(__name__)


def properties(threads: int) -> dict[str, Any]:
    """How a network is compiled and run.

    One stream: runs that go side by side take turns, each in all threads, and so give the bits that they give alone.
    Float32 also where the processor has bfloat16. Threads are bound to no core: two workers would bind theirs to the
    same.
    """
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
        "ENABLE_CPU_PINNING": False,
    }


class OpenVinoEngine:
    """Runs compiled networks.

    Parameters
    ----------
    compiled
        What `compiling.compile_part` made, by the part's name; torch runs a part that is not there.
    threads
        For each run.
    """

    def __init__(self, compiled: Mapping[str, bytes], *, threads: int) -> None:
        self._compiled = compiled
        self._threads = threads
        self._core = openvino().Core()

    @property
    def name(self) -> str:
        """E.g. "OpenVINO 2026.4.1 (cpu)"."""
        return f"OpenVINO {version()} (cpu)"

    def take(self, parts: Sequence[Part]) -> None:
        """Take over every part that was compiled and can be read; torch goes on running the others."""
        for part in parts:
            compiled = self._compiled.get(part.name)
            if compiled is None:
                _log.warning("%s was not compiled: torch runs it", part.name)
                continue
            try:
                model = self._core.import_model(compiled, "CPU", properties(self._threads))
            except RuntimeError as exc:
                _log.warning("%s cannot be read by OpenVINO (%s): torch runs it", part.name, _line(exc))
                continue
            part.network.forward = Run(part, model.create_infer_request())


class Run:
    """Takes the place of a part's `forward`. May be called by several threads, which take turns.

    Torch runs what has another shape than was compiled and, from its first fault on, everything.
    """

    def __init__(self, part: Part, request: Any) -> None:
        self._part = part
        self._plain: Callable[[Tensor], Tensor] = part.network.forward
        self._request = request
        self._turn = threading.Lock()

    def __call__(self, x: Tensor) -> Tensor:
        """As the part's own `forward`."""
        if self._part.fits(x):
            with one_at_a_time(self._turn):
                found = self._infer(x)
            if found is not None:
                return found
        return self._plain(x)

    def _infer(self, x: Tensor) -> Tensor | None:
        """The answer; None from the first fault on."""
        if self._request is None:
            return None
        try:
            return torch.from_numpy(self._request.infer([x.detach().contiguous().numpy()], share_inputs=True)[0])
        except RuntimeError as exc:
            _log.warning("OpenVINO failed on %s (%s): torch runs it from now on", self._part.name, _line(exc))
            self._request = None
            return None


def _line(exc: Exception) -> str:
    """The type alone: OpenVINO's texts have many lines, and may quote what went in."""
    return type(exc).__name__
