"""The settings, for commands."""

from models import registry
from screening.errors import ConfigurationError, WeightsMismatch
from screening.settings import ModelSettings, Settings, load


def load_settings(*, read_cards: bool = True) -> Settings:
    """The settings of this machine, with the names of models and the cards of enabled ones checked.

    read_cards: False for commands that are there to mend a bundle.

    Raises
    ------
    ConfigurationError
        Names the key, the value and what is allowed.
    """
    settings = load()
    known = registry.names()
    for name, model in settings.models.items():
        if name not in known:
            raise ConfigurationError(
                f"wrong settings: models.{name}: there is no such model; allowed are {', '.join(known)}"
            )
        if model.enabled and read_cards:
            _read_card(name, model)
    return settings


def _read_card(name: str, model: ModelSettings) -> None:
    """Read a model's card: a broken one is told at start, not in every round of intake."""
    try:
        registry.card(name, model)
    except WeightsMismatch as exc:
        key = f"models.{name}" if model.bundle is None else f"models.{name}.bundle"
        raise ConfigurationError(
            f"wrong settings: {key}: it is enabled, but {exc}; mend it or set enabled = false"
        ) from exc
