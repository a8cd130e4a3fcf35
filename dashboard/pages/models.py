"""The models: which bundle is in force, what it was trained on, what it may be used for, and how much it did."""

from starlette.responses import Response

from dashboard.ask import Ask, NotFound, page
from db import model_counts
from db.engine import transaction
from db.model_counts import LOOKED_AT, ModelCount
from models import evaluation, installed, registry


def show(ask: Ask) -> Response:
    """All of them."""
    found = installed.installed(ask.parts.settings)
    return page(
        ask, "models.html", models=found, counts=_counts(ask), nothing=ModelCount(), plainly=installed.PLAINLY,
        engine=ask.parts.settings.worker.engine, looked_at=LOOKED_AT,
    )  # fmt: skip


def show_one(ask: Ask) -> Response:
    """One, with its limits and the table of its evaluation."""
    name = ask.values["name"]
    if name not in registry.names():
        raise NotFound("there is no such model")
    return page(
        ask, "model.html", model=installed.one(ask.parts.settings, name),
        count=_counts(ask).get(name, ModelCount()), plainly=installed.PLAINLY, cohorts=evaluation.COHORTS,
        engine=ask.parts.settings.worker.engine, looked_at=LOOKED_AT,
    )  # fmt: skip


def _counts(ask: Ask) -> dict[str, ModelCount]:
    with transaction(ask.parts.sessions, read_only=True) as s:
        return model_counts.of_models(s)
