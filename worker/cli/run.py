"""`opportune serve` and the roles."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.settings import load_settings

if TYPE_CHECKING:
    from worker.bootstrap import Node


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    app.command()(listener)
    app.command()(worker)
    app.command()(delivery)
    app.command()(reconciler)


def serve() -> None:
    """Run the whole node in one process: listener, screening, delivery and reconciler."""
    from worker import roles  # noqa: PLC0415

    node = build_node("serve")
    with roles.serving(node) as running:
        said = f"{node.settings.node.ae_title} listens on port {running.port}"
        roles.wait_for_signal(partial(typer.echo, said, err=True))
    node.close()


def listener() -> None:
    """Run the C-STORE listener only."""
    from worker import roles  # noqa: PLC0415

    roles.listen(build_node("listener"))


def worker(
    queue: Annotated[list[str], typer.Option("--queue", help="Celery queue to work on; may be repeated")] = ["screen"],  # noqa: B006
) -> None:
    """Run a screening worker only."""
    from worker import roles  # noqa: PLC0415

    roles.consume(build_node("worker"), queue)


def delivery() -> None:
    """Run the sender of results only."""
    from worker import roles  # noqa: PLC0415
    from worker.celery_app import DELIVER_QUEUE  # noqa: PLC0415

    roles.consume(build_node("delivery"), [DELIVER_QUEUE])


def reconciler() -> None:
    """Run the reconciler only: it indexes, takes in quiet studies and looks for work left behind."""
    from worker import roles  # noqa: PLC0415

    roles.reconcile(build_node("reconciler"))


def build_node(role: str) -> "Node":
    """The parts of a node for a role, with its log started."""
    from worker.bootstrap import build  # noqa: PLC0415
    from worker.logs import start_logging  # noqa: PLC0415
    from worker.patience import when_database_answers  # noqa: PLC0415

    settings = load_settings()
    start_logging(settings, role)
    return when_database_answers(settings, partial(build, settings))
