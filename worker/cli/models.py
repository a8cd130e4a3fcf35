"""`opportune models`."""

import getpass
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from models import registry
from screening.card import ModelCard
from screening.errors import WeightsMismatch
from screening.settings import ModelSettings
from worker.cli.output import JsonFlag, fail, print_json, print_table, progress
from worker.cli.settings import load_settings

models_app = typer.Typer(help="The screening models.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(models_app, name="models")


@models_app.command("list")
def list_models(as_json: JsonFlag = False) -> None:
    """List the models with version, evidence level and bundle in force."""
    settings = load_settings(read_cards=False)
    found = [_values(name, settings.of_model(name)) for name in registry.names()]
    if as_json:
        print_json(found)
        return
    columns = ("name", "version", "evidence", "title", "bundle")
    print_table("Models", columns, ([item[column] for column in columns] for item in found))


@models_app.command()
def show(name: Annotated[str, typer.Argument(help="Name of a model")], as_json: JsonFlag = False) -> None:
    """Show the card of the bundle in force: intended use, population, limits, evidence."""
    settings = load_settings(read_cards=False).of_model(name)
    card, values = registry.card(name, settings), _values(name, settings)
    if as_json:
        print_json(values)
        return
    rows = ((key, "\n".join(map(str, value)) if isinstance(value, list) else value) for key, value in values.items())
    print_table(card.title, ("", card.banner), rows)


@models_app.command()
def verify(as_json: JsonFlag = False) -> None:
    """Check the weights in force of every model against their card. Exit status 1 if one differs."""
    settings = load_settings(read_cards=False)
    results: list[dict[str, object]] = []
    for name in registry.names():
        model = settings.of_model(name)
        try:
            registry.require_untampered(name, model, settings.signatures)
            path = registry.card(name, model).verify(registry.bundle(name, model))
            results.append({"name": name, "ok": True, "detail": str(path)})
        except WeightsMismatch as exc:
            results.append({"name": name, "ok": False, "detail": str(exc)})
    if as_json:
        print_json(results)
    else:
        rows = ((item["name"], "ok" if item["ok"] else "FAILED", item["detail"]) for item in results)
        print_table("Weights", ("model", "", "detail"), rows)
    if not all(item["ok"] for item in results):
        raise typer.Exit(1)


@models_app.command("compile")
def compile_networks(
    names: Annotated[list[str] | None, typer.Argument(help="Models; by default those that are enabled")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Compile the networks in force for this machine's processor, ahead of the worker. Exit status 1 if one failed.

    What is compiled already is left as it is.
    """
    from worker.sandbox.warming import Warmed, Warming, enabled, wanted  # noqa: PLC0415

    settings = load_settings()
    if not wanted(settings):
        raise fail("nothing to compile: by worker.engine and worker.device, torch runs the models here")
    chosen = names or enabled(settings)
    for name in chosen:
        registry.card(name, settings.of_model(name))
    done: list[Warmed] = []
    with progress() as bar:
        task = bar.add_task("compiling", total=len(chosen))

        def tell(warmed: Warmed) -> None:
            done.append(warmed)
            bar.advance(task)

        Warming(settings, chosen).run(tell)
    if as_json:
        print_json([asdict(warmed) for warmed in done])
    else:
        for warmed in done:
            typer.echo(warmed.told)
        typer.echo(f"{len(chosen) - len(done)} were compiled before, in {settings.engine_cache}")
    if any(warmed.failure or warmed.left for warmed in done):
        raise typer.Exit(1)


@models_app.command("import")
def import_folder(
    folder: Annotated[Path, typer.Argument(help="Bundle: configs/opportune.json, safetensors weights, documents")],
    as_json: JsonFlag = False,
) -> None:
    """Check a site's own weights and keep a copy in home/bundles. Switches nothing: prints what would.

    Weights that come as model.pt are made into safetensors by a confined process.
    """
    from worker.bootstrap import build  # noqa: PLC0415
    from worker.bundles import import_bundle  # noqa: PLC0415
    from worker.sandbox.probe import probe  # noqa: PLC0415
    from worker.sandbox.unpickle import unpickle  # noqa: PLC0415

    node = build(load_settings(read_cards=False))
    try:
        taken = import_bundle(
            node.settings,
            node.ports.sessions,
            folder,
            who=getpass.getuser(),
            probe=partial(probe, node.settings.worker, signatures=node.settings.signatures),
            unpickle=partial(unpickle, node.settings.worker),
        )
    finally:
        node.close()
    if as_json:
        print_json(_identity(taken.card) | {"bundle": str(taken.folder), "new": taken.new, "toml": taken.toml})
        return
    typer.echo(f"{_described(taken.card)} {'is imported' if taken.new else 'was imported before'}")
    typer.echo(f"Nothing is switched. To use it, put this into opportune.toml and restart the node:\n\n{taken.toml}")


@models_app.command()
def export(
    name: Annotated[str, typer.Argument(help="Name of a model")],
    out: Annotated[Path, typer.Option("--out", help="Folder to make; one that is there is left as it is")],
    as_json: JsonFlag = False,
) -> None:
    """Copy the bundle in force to a new folder, after its weights were found to be those of its card."""
    from worker.bundles import export_bundle  # noqa: PLC0415

    card = export_bundle(load_settings(read_cards=False), name, out)
    if as_json:
        print_json(_identity(card) | {"bundle": str(out)})
    else:
        typer.echo(f"{_described(card)} is in {out}")


@models_app.command()
def keygen(
    out: Annotated[Path, typer.Option("--out", help="File to make for the private key; keep it off the node")],
) -> None:
    """Make a key that signs bundles. Prints the settings that trust it."""
    from worker.signing import make_key  # noqa: PLC0415

    trusted = make_key(out)
    typer.echo(f"The private key is in {out}: whoever has it signs for you; keep it off the node.")
    typer.echo(f'To trust it, put this into opportune.toml:\n\n[signatures]\ntrusted_keys = ["{trusted}"]')


@models_app.command()
def sign(
    folder: Annotated[Path, typer.Argument(help="Bundle")],
    key: Annotated[Path, typer.Option("--key", help="Private key, as keygen made it")],
) -> None:
    """Write a bundle's manifest (SHA-256 of each file) and its Ed25519 signature into its folder."""
    from worker.signing import sign_bundle  # noqa: PLC0415

    card, trusted = sign_bundle(folder, key)
    typer.echo(f"{_described(card)} is signed in {folder} by {trusted}")


def _described(card: ModelCard) -> str:
    return f"{card.name} {card.version} (evidence {card.evidence}, SHA-256 {card.weights_sha256})"


def _identity(card: ModelCard) -> dict[str, object]:
    return {
        "name": card.name,
        "version": card.version,
        "evidence": str(card.evidence),
        "weights_sha256": card.weights_sha256,
    }


def _values(name: str, settings: ModelSettings) -> dict[str, object]:
    card = registry.card(name, settings)
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
        "bundle": "shipped" if settings.bundle is None else str(settings.bundle),
    }
