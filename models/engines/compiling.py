"""From a network of torch to bytes that OpenVINO loads at once: traced, compiled, tried, written out.

It takes seconds to tens of seconds and is done once for each set of weights (`models.engines.cache`).
"""

import io
import warnings
from typing import Any

import torch
from torch import Tensor

from models.engines.engine import Part
from models.engines.openvino_engine import properties
from models.engines.openvino_import import openvino
from models.engines.steady_norm import steady

CLOSE = 1e-3
"""Of the largest value: as far as what is compiled may be from torch on a made-up picture. Float32 stays below 1e-4,
bfloat16 and half precision do not stay below this."""
SMALLER = 16  # what an axis that varies is shortened by for the second picture that is tried


class NotEquivalent(ValueError):
    """What was compiled gives other numbers than torch."""


def compile_part(part: Part, *, threads: int) -> bytes:
    """What OpenVINO's `import_model` takes.

    Raises
    ------
    NotEquivalent
        If it gives other numbers than torch on this machine.
    RuntimeError, and what else torch and OpenVINO raise
        If the network cannot be traced, converted or compiled.
    """
    model = openvino().Core().compile_model(_converted(part), "CPU", properties(threads))
    for picture in _pictures(part):
        _require_close(part, model, picture)
    written = io.BytesIO()
    model.export_model(written)
    return written.getvalue()


def _converted(part: Part) -> Any:
    """As OpenVINO's own graph. Traced and frozen here: its converter would trace three times, to look for faults."""
    shape = [-1 if axis in part.varying else length for axis, length in enumerate(part.shape)]
    with warnings.catch_warnings(), torch.no_grad():
        # torch wants its users off tracing; what hangs on a shape while tracing is a constant, as the shape is
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(steady(part.network), _picture(part.shape), check_trace=False, strict=False)
        # a frozen graph has forgotten what goes in
        return openvino().convert_model(torch.jit.freeze(traced), input=[(shape, openvino().Type.f32)])


def _pictures(part: Part) -> list[Tensor]:
    """Made-up pictures to try it on; a second one of another shape where the shape varies."""
    shapes = [part.shape]
    if part.varying:
        shapes.append(tuple(n - SMALLER if axis in part.varying else n for axis, n in enumerate(part.shape)))
    return [_picture(shape) for shape in shapes]


def _picture(shape: tuple[int, ...]) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(len(shape)))


def _require_close(part: Part, model: Any, picture: Tensor) -> None:
    with torch.inference_mode():
        wanted: Tensor = part.network(picture)
    found = torch.from_numpy(model([picture.numpy()])[0])
    if found.shape != wanted.shape:
        raise NotEquivalent(f"{part.name}: {tuple(found.shape)} instead of {tuple(wanted.shape)}")
    off, most = float((found - wanted).abs().max()), float(wanted.abs().max())
    if not off <= CLOSE * most:  # NaN is not close either
        raise NotEquivalent(f"{part.name}: off by {off:.1e} of {most:.1e}")
