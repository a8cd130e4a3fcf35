"""`opportune metrics`: the node's numbers, as Prometheus reads them."""

import sys
from functools import partial
from typing import Annotated

import typer

from worker.cli.database import open_sessions
from worker.cli.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(metrics)


def metrics(
    serve: Annotated[
        bool, typer.Option("--serve", help="Answer /metrics, /healthz and /readyz until stopped, see [metrics]")
    ] = False,
) -> None:
    """Print the node's numbers as Prometheus reads them; they name no patient."""
    if serve:
        _serve()
        return
    from worker.monitoring.metrics import text  # noqa: PLC0415

    with open_sessions() as sessions:
        sys.stdout.write(text(load_settings(), sessions))


def _serve() -> None:
    from worker import roles  # noqa: PLC0415
    from worker.cli.run import build_node  # noqa: PLC0415
    from worker.monitoring.wiring import telling  # noqa: PLC0415

    node = build_node("metrics")
    with telling(node.settings, node.ports.sessions) as port:
        said = f"metrics on http://{node.settings.metrics.bind}:{port}/metrics"
        roles.wait_for_signal(partial(typer.echo, said, err=True))
    node.close()
