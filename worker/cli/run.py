"""`opportune serve` and the roles."""

from collections.abc import Iterator
from contextlib import contextmanager
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
    app.command()(dashboard)


def serve() -> None:
    """Run the whole node in one process: listener, screening, delivery, reconciler and, if enabled, the dashboard."""
    from worker import roles  # noqa: PLC0415

    node = build_node("serve")
    with roles.serving(node) as running, _dashboard_of(node) as page:
        said = [f"{node.settings.node.ae_title} listens on port {running.port}", *page]
        roles.wait_for_signal(partial(typer.echo, "\n".join(said), err=True))
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


def dashboard() -> None:
    """Run the admin web page only. The first start prints the one-time password of its first user, once."""
    from worker import roles  # noqa: PLC0415
    from worker.dashboard import serving_pages  # noqa: PLC0415

    node = build_node("dashboard")
    with serving_pages(node, "dashboard") as said:
        roles.wait_for_signal(partial(typer.echo, "\n".join(said), err=True))
    node.close()


@contextmanager
def _dashboard_of(node: "Node") -> Iterator[list[str]]:
    """The dashboard in the process of the whole node, if the settings say so."""
    from worker.dashboard import serving_pages  # noqa: PLC0415

    if not node.settings.dashboard.enabled:
        yield []
        return
    with serving_pages(node) as said:
        yield said


def build_node(role: str) -> "Node":
    """The parts of a node for a role, with its log started."""
    from worker.bootstrap import build  # noqa: PLC0415
    from worker.logs import start_logging  # noqa: PLC0415
    from worker.patience import when_database_answers  # noqa: PLC0415

    settings = load_settings()
    start_logging(settings, role)
    return when_database_answers(settings, partial(build, settings))
