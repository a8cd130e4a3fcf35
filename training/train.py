"""`opportune train`: make weights for a model, judge them on patients they never saw, and write a bundle."""

import importlib
import pkgutil

from screening.errors import ConfigurationError, UnknownModel
from training import recipes
from training.request import TrainingRequest, TrainingResult


def trainable() -> list[str]:
    """Models that have a recipe: a module of `training.recipes` with `run`."""
    modules = [module.name for module in pkgutil.iter_modules(recipes.__path__)]
    return sorted(name for name in modules if hasattr(importlib.import_module(f"training.recipes.{name}"), "run"))


def train(model_name: str, request: TrainingRequest) -> TrainingResult:
    """Train a model from simulated patients or from a site's own.

    Deterministic: the same request gives the same weights on the same machine and number of torch threads.

    Parameters
    ----------
    model_name
        A model that has a recipe (`trainable`).
    request
        How much work, on whom, and where to write.

    Raises
    ------
    UnknownModel
        If there is no recipe for the model.
    ConfigurationError
        If the tier is unknown, or the request contradicts itself.
    """
    if model_name not in trainable():
        raise UnknownModel(f"there is no recipe for {model_name!r}; there are {', '.join(trainable())}")
    recipe = importlib.import_module(f"training.recipes.{model_name}")
    if request.tier not in recipe.TIERS:
        raise ConfigurationError(f"tier must be one of {', '.join(recipe.TIERS)}, got {request.tier!r}")
    if request.cohort is not None and request.patients is not None:
        raise ConfigurationError("give either a cohort or a number of patients to simulate, not both")
    result: TrainingResult = recipe.run(request)
    return result
