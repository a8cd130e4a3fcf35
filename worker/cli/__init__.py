"""The command line. Importing it imports neither torch, monai nor highdicom: commands import what they run."""

import sys

import typer

from screening.errors import ConfigurationError, ScreeningError
from screening.faults import describe
from screening.printable import printable_lines
from worker.cli import (
    audit,
    context,
    deliveries,
    demo,
    evaluate,
    metrics,
    models,
    node,
    pauses,
    purge,
    reproduce,
    run,
    screen,
    send,
    status,
    train,
    users,
)
from worker.faults import trace

app = typer.Typer(
    name="opportune",
    help="A DICOM node that screens routine X-rays and CTs in the background.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for _module in (
    demo, run, screen, send, status, metrics, deliveries, node, pauses, purge, models, train, evaluate, reproduce,
    context, audit, users,
):  # fmt: skip
    _module.register(app)


def main() -> None:
    """Run a command; a known error is one line on stderr and exit status 1, wrong usage or settings 2.

    Any other is told by its type and the calls that led to it, without its text.
    """
    try:
        app()
    except ScreeningError as exc:
        print(f"opportune: {printable_lines(str(exc))}", file=sys.stderr)  # noqa: T201 (the command line speaks)
        sys.exit(2 if isinstance(exc, ConfigurationError) else 1)
    except Exception as exc:  # noqa: BLE001 (Python would print its text, which may hold a patient's data)
        said = ["opportune: a fault of the program, please report it: " + describe(exc), *trace(exc)]
        print("\n  ".join(said), file=sys.stderr)  # noqa: T201
        sys.exit(1)
