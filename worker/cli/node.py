"""`opportune node`, `config`, `init` and `doctor`: set-up help."""

import getpass
import socket
from pathlib import Path
from typing import Annotated

import typer

from screening.errors import DatabaseUnavailable
from screening.printable import printable
from screening.settings import CONFIG_NAME, Settings
from worker.cli.database import open_sessions
from worker.cli.output import JsonFlag, fail, print_json, print_table
from worker.cli.settings import load_settings

node_app = typer.Typer(help="This node on the network.", no_args_is_help=True)
config_app = typer.Typer(help="The settings.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(node_app, name="node")
    app.add_typer(config_app, name="config")
    app.command()(init)
    app.command()(doctor)


@node_app.command()
def echo(name: Annotated[str, typer.Argument(help="Name of a destination")], as_json: JsonFlag = False) -> None:
    """C-ECHO a destination and say exactly what failed, and what to do. Exit status 1 if it did."""
    from dicom_node import echoing  # noqa: PLC0415

    settings = load_settings()
    destination = settings.destination(name)
    if destination is None:
        known = ", ".join(item.name for item in settings.destinations) or "none is set"
        raise fail(f"there is no destination {name!r}; known: {known}")
    result = echoing.ask(settings, destination)
    outcome = echoing.outcome_of(result)
    if as_json:
        print_json(
            {"destination": name, "ok": result.ok, "outcome": outcome, "detail": result.detail,
             "advice": echoing.advice(outcome), "milliseconds": round(result.seconds * 1000)}
        )  # fmt: skip
    else:
        where = f"{destination.ae_title}@{destination.address}:{destination.port}"
        typer.echo(f"{name} ({where}): {printable(result.detail)}")
        if not result.ok:
            typer.echo(echoing.advice(outcome))
    try:
        with open_sessions() as sessions:
            echoing.keep(sessions, destination, result, getpass.getuser())
    except DatabaseUnavailable as exc:  # an echo is of use before the node has run for the first time
        typer.echo(f"opportune: the answer is not kept: {printable(str(exc))}", err=True)
    if not result.ok:
        raise typer.Exit(1)


@node_app.command()
def sheet(as_json: JsonFlag = False) -> None:
    """Print what a PACS administrator asks for: AE titles, addresses, ports, directions."""
    rows = connections(load_settings())
    if as_json:
        print_json(rows)
        return
    columns = ("direction", "from", "to", "service", "note")
    print_table("DICOM connections", columns, ([row[column] for column in columns] for row in rows))


@config_app.command("check")
def config_check(as_json: JsonFlag = False) -> None:
    """Print the effective settings, secrets hidden. Exit status 2, naming the key, if one is wrong."""
    from screening.effective import effective  # noqa: PLC0415

    settings = load_settings()
    if as_json:
        print_json(settings.model_dump(mode="json"))
        return
    rows = ((item.key, item.value, item.origin) for part in effective(settings) for item in part.items)
    print_table("Effective settings", ("key", "value", "from"), rows)


def init(
    path: Annotated[Path, typer.Argument(help="File to write")] = Path(CONFIG_NAME),
) -> None:
    """Write a commented settings file. Never overwrites one."""
    from screening.settings_file import render  # noqa: PLC0415

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(render())
    except FileExistsError:
        raise fail(f"{path} exists and is left as it is; name another file") from None
    except OSError as exc:
        raise fail(f"{path} cannot be written: {exc.strerror}") from None
    typer.echo(f"wrote {path}: set [[peers]], [[destinations]] and [models], then run `opportune config check`")


def doctor(
    local: Annotated[bool, typer.Option("--local", help="Leave out the destinations, e.g. for a health check")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Check what the node needs: settings, folders, database, broker, weights, destinations. Exit status 1 if not."""
    from worker.doctor import examine  # noqa: PLC0415

    checks = examine(load_settings(), local=local)
    if as_json:
        print_json([{"check": item.name, "ok": item.ok, "detail": item.detail} for item in checks])
    else:
        print_table(
            "Doctor",
            ("check", "", "detail"),
            ((item.name, "ok" if item.ok else "FAILED", item.detail) for item in checks),
        )
    if not all(item.ok for item in checks):
        raise typer.Exit(1)


def connections(settings: Settings) -> list[dict[str, str]]:
    """Every DICOM connection that the settings name."""
    host = f"{settings.node.ae_title}@{socket.gethostname()}"
    us, us_by_tls = f"{host}:{settings.node.port}", f"{host}:{settings.tls.port}"
    rows = [
        {"direction": "in", "from": f"{peer.ae_title}@{peer.address}", "to": us_by_tls if peer.certificates else us,
         "service": "C-ECHO, C-STORE", "note": "AE title, address and certificate are bound together (TLS)"
         if peer.certificates else "AE title and address are bound together"}
        for peer in settings.peers
    ]  # fmt: skip
    for item in settings.destinations:
        them = f"{item.ae_title}@{item.address}:{item.port}"
        asked = {"c-find": ", C-FIND", "storage-commitment": ", N-ACTION"}.get(item.commitment, "")
        kinds = ", ".join(item.objects)
        evidence = ", ".join(item.accept_evidence)
        rows.append(
            {"direction": "out", "from": us, "to": them, "service": f"C-ECHO, C-STORE{asked}",
             "note": f"sends {kinds}; accepts evidence {evidence}"}
        )  # fmt: skip
        if item.commitment == "storage-commitment":
            rows.append(
                {"direction": "in", "from": f"{item.ae_title}@{item.address}", "to": us_by_tls if item.use_tls else us,
                 "service": "N-EVENT-REPORT",
                 "note": "the destination must know our AE title, address and port"}
            )  # fmt: skip
    return rows
