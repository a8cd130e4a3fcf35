"""Which screening models there are. A folder with `selection.py` and a bundle is a model; nothing is listed by hand.

Everything but `load` works without torch.
"""

import hashlib
import importlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import cast

from models.contract import ScreeningModel, Selector
from screening.card import ModelCard
from screening.errors import UnknownModel, WeightsMismatch
from screening.settings import ModelSettings

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Every model's name, sorted."""
    return sorted(path.parent.name for path in FOLDER.glob("*/selection.py") if (path.parent / "bundle").is_dir())


def bundle(name: str) -> Path:
    """The bundle folder of a model.

    Raises
    ------
    UnknownModel
        If there is no model of this name.
    """
    if name not in names():
        raise UnknownModel(f"there is no screening model {name!r}; there are {', '.join(names()) or 'none'}")
    return FOLDER / name / "bundle"


@cache
def card(name: str) -> ModelCard:
    """A model's card.

    Raises
    ------
    UnknownModel
        If there is no model of this name.
    WeightsMismatch
        If its card cannot be read or names another model.
    """
    found = ModelCard.load(bundle(name))
    if found.name != name:
        raise WeightsMismatch(f"the bundle in folder {name} is that of {found.name}")
    return found


def selector(name: str) -> Selector:
    """`select` of a model, imported without torch.

    Raises
    ------
    UnknownModel
        If there is no model of this name.
    """
    bundle(name)
    return cast(Selector, importlib.import_module(f"models.{name}.selection").select)


def config_digest(name: str, thresholds: Sequence[float] = ()) -> str:
    """SHA-256 over what changes a model's numbers: its configuration file (with the weights' SHA-256), thresholds.

    Raises
    ------
    UnknownModel, WeightsMismatch
        As `card`.
    """
    path = bundle(name) / "configs" / "opportune.json"
    card(name)  # malformed cards are reported as such
    settled = json.dumps(json.loads(path.read_text(encoding="utf-8")), sort_keys=True)
    strata = json.dumps([float(value) for value in thresholds])
    return hashlib.sha256(f"{settled}\n{strata}".encode()).hexdigest()


def load(name: str, device: str = "auto", threads: int = 1, settings: ModelSettings | None = None) -> ScreeningModel:
    """Import torch, check the weights' SHA-256 and build the model.

    Parameters
    ----------
    name
        Name of the model.
    device
        "auto", "cpu" or "cuda"; auto takes CUDA where there is a device.
    threads
        Threads of torch in this process.
    settings
        The model's section of the settings (risk thresholds); defaults when None.

    Raises
    ------
    UnknownModel
        If there is no model of this name.
    WeightsMismatch
        If card and weights do not agree.
    """
    folder = bundle(name)
    card(name)
    pipeline = importlib.import_module(f"models.{name}.pipeline")
    return cast(ScreeningModel, pipeline.load(folder, device=device, threads=threads, settings=settings))
