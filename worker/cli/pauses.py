"""`opportune pause` and `opportune resume`: stop a part of the node for a while, without a restart."""

import getpass
from enum import StrEnum
from typing import Annotated

import typer

from worker.cli.database import open_session
from worker.cli.output import fail


class PartName(StrEnum):
    """As `db.pauses.Part`, which the command line does not load before it is needed."""

    INTAKE = "intake"
    SCREENING = "screening"
    DELIVERY = "delivery"


PartArgument = Annotated[PartName, typer.Argument(help="What to stop or let go on")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(pause)
    app.command()(resume)


def pause(
    part: PartArgument, why: Annotated[str, typer.Option("--why", help="Reason, kept in the audit trail")]
) -> None:
    """Stop intake, screening or delivery, on every host and until `opportune resume`; a restart changes nothing."""
    from db import pauses  # noqa: PLC0415

    if not why.strip():
        raise fail("say why, with --why: it is kept in the audit trail", status=2)
    with open_session() as session:
        done = pauses.pause(session, pauses.Part(part), who=getpass.getuser(), why=why)
        held = pauses.known(session)[pauses.Part(part)]
    if not done:
        raise fail(f"{part.value} is paused already, by {held.by} since {held.at:%Y-%m-%d %H:%M} UTC: {held.why}")
    typer.echo(f"{part.value} is paused: {pauses.MEANING[pauses.Part(part)]}")


def resume(
    part: PartArgument, why: Annotated[str, typer.Option("--why", help="Remark, kept in the audit trail")] = ""
) -> None:
    """Let a part that was paused go on; what waits for it is taken up within a few seconds."""
    from db import pauses  # noqa: PLC0415

    with open_session() as session:
        done = pauses.resume(session, pauses.Part(part), who=getpass.getuser(), why=why)
    if not done:
        raise fail(f"{part.value} is not paused")
    typer.echo(f"{part.value} goes on")
