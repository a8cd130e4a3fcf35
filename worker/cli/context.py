"""`opportune context`."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from worker.cli.output import fail
from worker.cli.settings import load_settings

context_app = typer.Typer(help="Clinical context of patients.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(context_app, name="context")


@context_app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV: patient_id, issuer, name, value, code, meaning")
    ],
) -> None:
    """Import clinical context from a CSV file: all of it, or, naming the wrong line, none.

    A line holds an item (name and value, e.g. urea_mmol_per_l, 8.1) or a diagnosis (code as SCHEME:VALUE, and meaning).
    Studies of these patients that came in the last node.context_days are looked at again: a model that is told of what
    is new screens them anew, and its report replaces the earlier one.
    """
    from db import context, studies  # noqa: PLC0415
    from db.engine import transaction  # noqa: PLC0415
    from worker.bootstrap import build  # noqa: PLC0415
    from worker.context_file import WrongLine, read_context  # noqa: PLC0415

    try:
        items = read_context(file)
    except WrongLine as exc:
        raise fail(str(exc)) from None
    node = build(load_settings())
    since = node.ports.clock() - timedelta(days=node.ports.settings.node.context_days)
    with transaction(node.ports.sessions) as session:
        imported = context.import_items(session, items)
        again = studies.take_in_again_of(session, imported.changed, since=since)
    node.close()
    typer.echo(f"{imported.count} items imported; {again} studies are looked at again")
