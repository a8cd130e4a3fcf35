"""`opportune models`."""

from typing import Annotated

import typer

from models import registry
from screening.card import ModelCard
from screening.errors import WeightsMismatch
from worker.cli.output import JsonFlag, print_json, print_table

models_app = typer.Typer(help="The screening models.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(models_app, name="models")


@models_app.command("list")
def list_models(as_json: JsonFlag = False) -> None:
    """List the models with their version and evidence level."""
    cards = [registry.card(name) for name in registry.names()]
    if as_json:
        print_json([_values(card) for card in cards])
        return
    print_table(
        "Models",
        ("name", "version", "evidence", "title"),
        ((card.name, card.version, str(card.evidence), card.title) for card in cards),
    )


@models_app.command()
def show(name: Annotated[str, typer.Argument(help="Name of a model")], as_json: JsonFlag = False) -> None:
    """Show a model's card: intended use, population, limits, evidence."""
    card = registry.card(name)
    if as_json:
        print_json(_values(card))
        return
    rows = ((key, "\n".join(value) if isinstance(value, list) else value) for key, value in _values(card).items())
    print_table(card.title, ("", card.banner), rows)


@models_app.command()
def verify(as_json: JsonFlag = False) -> None:
    """Check every model's weights against its card. Exit status 1 if one differs."""
    results = []
    for name in registry.names():
        try:
            results.append({"name": name, "ok": True, "detail": str(registry.card(name).verify(registry.bundle(name)))})
        except WeightsMismatch as exc:
            results.append({"name": name, "ok": False, "detail": str(exc)})
    if as_json:
        print_json(results)
    else:
        rows = ((item["name"], "ok" if item["ok"] else "FAILED", item["detail"]) for item in results)
        print_table("Weights", ("model", "", "detail"), rows)
    if not all(item["ok"] for item in results):
        raise typer.Exit(1)


def _values(card: ModelCard) -> dict[str, object]:
    return {
        "name": card.name,
        "title": card.title,
        "version": card.version,
        "evidence": str(card.evidence),
        "intended_use": card.intended_use,
        "population": card.population,
        "limits": list(card.limits),
        "reference": card.reference,
        "trained_on": card.trained_on,
        "weights_sha256": card.weights_sha256,
        "input_size": list(card.input_size),
    }
