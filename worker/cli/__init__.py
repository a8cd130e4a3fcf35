"""The command line. Importing it imports neither torch, monai nor highdicom: commands import what they run."""

import sys

import typer

from screening.errors import ConfigurationError, ScreeningError
from worker.cli import context, demo, evaluate, models, node, purge, reproduce, run, screen, send, status, train

app = typer.Typer(
    name="opportune",
    help="A DICOM node that screens routine X-rays and CTs in the background.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for _module in (demo, run, screen, send, status, node, purge, models, train, evaluate, reproduce, context):
    _module.register(app)


def main() -> None:
    """Run a command; a known error is one line on stderr and exit status 1, wrong usage or settings 2."""
    try:
        app()
    except ScreeningError as exc:
        print(f"opportune: {exc}", file=sys.stderr)  # noqa: T201 (the command line speaks)
        sys.exit(2 if isinstance(exc, ConfigurationError) else 1)
