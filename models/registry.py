"""Which screening models there are. A folder with `selection.py` and a bundle is a model; nothing is listed by hand.

A model's section of the settings may name a site's own bundle in place of the shipped one. Bundles are read anew each
time: what a long-lived process says of one is what lies on the disk. Everything but `load` works without torch.
"""

import hashlib
import importlib
import json
from pathlib import Path
from typing import cast

from models.contract import Narrowing, ScreeningModel, Selector
from screening import manifest
from screening.card import ModelCard
from screening.errors import ConfigurationChanged, UnknownModel, WeightsMismatch
from screening.settings import Indication, ModelSettings
from screening.signatures import Signatures
from screening.types import ClinicalContext

FOLDER = Path(__file__).parent
PINNED = FOLDER / "SHIPPED.sha256"
"""SHA-256 of every file of the package that settles numbers; made by `make docs`, as `sha256sum` writes it."""


def names() -> list[str]:
    """Every model's name, sorted."""
    return sorted(path.parent.name for path in FOLDER.glob("*/selection.py") if (path.parent / "bundle").is_dir())


def bundle(name: str, settings: ModelSettings | None = None) -> Path:
    """The bundle folder in force for a model: the site's own if its settings name one, else the shipped one.

    Raises
    ------
    UnknownModel
        If there is no model of this name.
    """
    if name not in names():
        raise UnknownModel(f"there is no screening model {name!r}; there are {', '.join(names()) or 'none'}")
    if settings is not None and settings.bundle is not None:
        return settings.bundle
    return FOLDER / name / "bundle"


def card(name: str, settings: ModelSettings | None = None) -> ModelCard:
    """The card of the bundle in force.

    Raises
    ------
    UnknownModel
        If there is no model of this name.
    WeightsMismatch
        If its card cannot be read or names another model.
    """
    folder = bundle(name, settings)
    found = ModelCard.load(folder)
    if found.name != name:
        raise WeightsMismatch(f"the bundle in {folder} is that of {found.name}, not of {name}")
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


def indication(name: str) -> Indication | None:
    """Patients that a model is for by itself (`INDICATION` of its selection), unless a site says otherwise.

    Raises
    ------
    UnknownModel
        If there is no model of this name.
    """
    bundle(name)
    return cast(Indication | None, getattr(importlib.import_module(f"models.{name}.selection"), "INDICATION", None))


def relevant(name: str, context: ClinicalContext) -> ClinicalContext:
    """What of the clinical context a model is told: nothing, unless its selection says what.

    Raises
    ------
    UnknownModel
        If there is no model of this name.
    """
    bundle(name)
    narrow = cast(Narrowing | None, getattr(importlib.import_module(f"models.{name}.selection"), "relevant", None))
    return ClinicalContext() if narrow is None else narrow(context)


def config_digest(name: str, settings: ModelSettings | None = None) -> str:
    """SHA-256 over what changes a model's numbers: its configuration file (with the weights' SHA-256), thresholds.

    Where the bundle lies does not count.

    Raises
    ------
    UnknownModel, WeightsMismatch
        As `card`.
    """
    path = bundle(name, settings) / "configs" / "opportune.json"
    card(name, settings)  # malformed cards are reported as such
    settled = json.dumps(json.loads(path.read_text(encoding="utf-8")), sort_keys=True)
    strata = json.dumps([float(value) for value in (settings.thresholds if settings is not None else ())])
    return hashlib.sha256(f"{settled}\n{strata}".encode()).hexdigest()


def require_config(name: str, wanted: str, settings: ModelSettings | None = None) -> None:
    """Make sure that work which was opened under a configuration is done under that very one.

    Raises
    ------
    ConfigurationChanged
        If the configuration in force has another digest.
    UnknownModel, WeightsMismatch
        As `card`.
    """
    found = config_digest(name, settings)
    if found != wanted:
        raise ConfigurationChanged(
            f"opened under configuration {wanted[:12]} of {name}, but its bundle or thresholds were changed since:"
            f" in force is {found[:12]}, version {card(name, settings).version}"
        )


def require_untampered(name: str, settings: ModelSettings | None = None, signatures: Signatures | None = None) -> None:
    """Make sure that the bundle in force is what was pinned, listed or signed; nothing of it is loaded before.

    A shipped bundle is held to the hashes in the package, a site's own to its manifest and signature.

    Raises
    ------
    UnknownModel
        If there is no model of this name.
    WeightsMismatch
        Names the file that differs, or says whose signature is wanted.
    """
    folder = bundle(name, settings)
    if settings is not None and settings.bundle is not None:
        trust = signatures or Signatures()
        manifest.verify(folder, trust.trusted_keys, required=trust.required)
        return
    for path, wanted in manifest.parse(PINNED.read_text(encoding="utf-8")).items():
        if path.startswith(f"{name}/") or "/" not in path:  # its own, and what models share
            _require_pinned(FOLDER / path, wanted)


def _require_pinned(path: Path, wanted: str) -> None:
    try:
        found = manifest.digest(path)
    except OSError as exc:
        raise WeightsMismatch(f"{path} cannot be read: {exc.strerror}") from exc
    if found != wanted:
        raise WeightsMismatch(
            f"{path} is not the file of this release: its SHA-256 is {found}, the release has {wanted}; install it anew"
        )


def pinned() -> str:
    """What `SHIPPED.sha256` must say of the files as they are."""
    files = sorted(FOLDER.glob("**/*.safetensors")) + [FOLDER / n / "bundle/configs/opportune.json" for n in names()]
    return manifest.text_of({path.relative_to(FOLDER).as_posix(): manifest.digest(path) for path in files})


def load(
    name: str,
    device: str = "auto",
    threads: int = 1,
    settings: ModelSettings | None = None,
    signatures: Signatures | None = None,
) -> ScreeningModel:
    """Check the bundle, import torch and build the model.

    Parameters
    ----------
    name
        Name of the model.
    device
        "auto", "cpu" or "cuda"; auto takes CUDA where there is a device.
    threads
        Threads of torch in this process.
    settings
        The model's section of the settings (bundle, risk thresholds); defaults when None.
    signatures
        Whose bundles are taken; defaults when None.

    Raises
    ------
    UnknownModel
        If there is no model of this name.
    WeightsMismatch
        If the bundle was tampered with, or card and weights do not agree.
    """
    folder = bundle(name, settings)
    require_untampered(name, settings, signatures)
    card(name, settings)
    pipeline = importlib.import_module(f"models.{name}.pipeline")
    return cast(ScreeningModel, pipeline.load(folder, device=device, threads=threads, settings=settings))
