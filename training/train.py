"""`opportune train`: make weights for a model, judge them against the oracle, and write a bundle."""

import importlib
import pkgutil
from pathlib import Path

from screening.errors import ConfigurationError, UnknownModel
from training import recipes
from training.request import Progress, TrainingRequest, TrainingResult, silent


def trainable() -> list[str]:
    """Models that have a recipe: a module of `training.recipes` with `run`."""
    modules = [module.name for module in pkgutil.iter_modules(recipes.__path__)]
    return sorted(name for name in modules if hasattr(importlib.import_module(f"training.recipes.{name}"), "run"))


def train(
    model_name: str,
    tier: str,
    out: Path,
    *,
    seed: int = 0,
    device: str = "cpu",
    progress: Progress = silent,
    workers: int = 1,
    frontal: Path | None = None,
) -> TrainingResult:
    """Train a model from simulated patients.

    Deterministic: the same arguments give the same weights on the same machine and number of torch threads.

    Parameters
    ----------
    model_name
        A model that has a recipe (`trainable`).
    tier
        "tiny" (minutes on two cores), "small" (under an hour) or "reference" (a GPU).
    out
        Folder for the bundle (`out/bundle`) and the cached cohorts (`out/cohorts`).
    seed
        Of the weights' initial values, the order of patients and the patients themselves.
    device
        "auto", "cpu" or "cuda".
    progress
        Called with (stage, done, total).
    workers
        Processes that draw phantoms. The result does not depend on it.
    frontal
        Folder of real frontal chest radiographs (JPEG or PNG) that teach the gate beside phantoms.

    Raises
    ------
    UnknownModel
        If there is no recipe for the model.
    ConfigurationError
        If the tier is unknown.
    """
    if model_name not in trainable():
        raise UnknownModel(f"there is no recipe for {model_name!r}; there are {', '.join(trainable())}")
    recipe = importlib.import_module(f"training.recipes.{model_name}")
    if tier not in recipe.TIERS:
        raise ConfigurationError(f"tier must be one of {', '.join(recipe.TIERS)}, got {tier!r}")
    request = TrainingRequest(
        tier=tier, out=out, seed=seed, device=device, workers=workers, progress=progress, frontal=frontal
    )
    result: TrainingResult = recipe.run(request)
    return result
