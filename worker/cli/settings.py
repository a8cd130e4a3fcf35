"""Settings and logging for commands."""

import logging

from models import registry
from screening.errors import ConfigurationError, WeightsMismatch
from screening.settings import Settings, load
from worker.privacy import quiet_libraries


def load_settings() -> Settings:
    """The settings of this machine, with the names of models and the cards of enabled ones checked.

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
        if model.enabled:
            _read_card(name)
    return settings


def _read_card(name: str) -> None:
    """Read a model's card: a broken one is told at start, not in every round of intake."""
    try:
        registry.card(name)
    except WeightsMismatch as exc:
        raise ConfigurationError(
            f"wrong settings: models.{name}: it is enabled, but {exc}; mend it or set enabled = false"
        ) from exc


def start_logging(settings: Settings) -> None:
    """Log to stderr, one line an event. Patients' names and IDs never reach a log."""
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
    for noisy in ("celery", "kombu", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    quiet_libraries()
