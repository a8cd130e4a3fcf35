"""Which engine runs a model that is loaded."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from models.contract import ScreeningModel
from models.engines.cache import Cache
from models.engines.choice import by_openvino
from models.engines.engine import Engine
from models.engines.openvino_engine import OpenVinoEngine
from models.engines.torch_engine import TorchEngine
from models.weights import pick_device
from worker.request import ScreenRequest

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settled:
    """What runs a model."""

    engine: str  #: its name
    waits: bool  #: torch, until what OpenVINO needs is there


def settle(model: ScreeningModel, request: ScreenRequest, *, threads: int, before: Settled | None) -> Settled:
    """Hand a model to the engine that is asked for, as soon as that can run it.

    Asked before each run: what is compiled while this process works serves it from its next run on. A model was loaded
    under the request's `config_digest`, so that what is found under that belongs to it.

    Parameters
    ----------
    model
        As it was loaded.
    request
        The run: device, engine, where compiled networks lie.
    threads
        For inference on a CPU.
    before
        What this gave for this model before, None at first.
    """
    if before is not None and not before.waits:
        return before
    device = pick_device(request.device)
    wanted = by_openvino(request.engine, on_cpu=device.type == "cpu")
    compiled = _compiled(request) if wanted else None
    engine = _engine(device, compiled, request, threads)
    if before is None or before.engine != engine.name:
        engine.take(model.parts())
        _log.info("%s %s is run by %s", model.card.name, model.card.version, engine.name)
    return Settled(engine.name, waits=wanted and compiled is None)


def _compiled(request: ScreenRequest) -> Mapping[str, bytes] | None:
    if request.engine_cache is None:
        return None
    return Cache(request.engine_cache).read(request.model_name, request.config_digest)


def _engine(device: torch.device, compiled: Mapping[str, bytes] | None, request: ScreenRequest, threads: int) -> Engine:
    if compiled is not None:
        try:
            return OpenVinoEngine(compiled, threads=threads)
        except (ImportError, RuntimeError, OSError) as exc:
            _log.warning("OpenVINO cannot be used (%s): torch runs %s", type(exc).__name__, request.model_name)
    return TorchEngine(device, half=request.half_precision)
