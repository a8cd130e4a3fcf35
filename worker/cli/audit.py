"""`opportune audit`: the audit trail, read and verified."""

import re
from datetime import datetime
from typing import Annotated

import typer

from worker.cli.database import open_session
from worker.cli.output import JsonFlag, fail, print_json, print_table
from worker.cli.settings import load_settings

audit_app = typer.Typer(help="The audit trail.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(audit_app, name="audit")


@audit_app.command("list")
def audit_list(
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many lines, the newest")] = 100,
    actor: Annotated[str, typer.Option("--actor", help="Only what this one did")] = "",
    action: Annotated[str, typer.Option("--action", help="Only this, e.g. view")] = "",
    subject: Annotated[str, typer.Option("--subject", help="Only where the subject holds this, e.g. a UID")] = "",
    as_json: JsonFlag = False,
) -> None:
    """List who did what to what, newest first."""
    from db.audit_search import Wanted, newest_of  # noqa: PLC0415
    from worker.audit_reports import log_used  # noqa: PLC0415

    with open_session() as session:
        found = newest_of(session, Wanted(actor=actor, action=action, subject=subject), limit)
        log_used(session, load_settings(read_cards=False))
    if as_json:
        print_json(
            [
                {"sequence": entry.sequence, "at": _moment(entry.at), "actor": entry.actor, "action": entry.action,
                 "subject": entry.subject, "detail": entry.detail, "digest": entry.digest}
                for entry in found
            ]
        )  # fmt: skip
        return
    print_table(
        "Audit trail",
        ("line", "at", "actor", "action", "subject", "detail"),
        ((item.sequence, _moment(item.at), item.actor, item.action, item.subject, item.detail) for item in found),
    )


@audit_app.command("head")
def audit_head(as_json: JsonFlag = False) -> None:
    """Print the last line's number and digest, to be kept elsewhere and given to `audit verify --head`."""
    from db import audit  # noqa: PLC0415

    with open_session(read_only=True) as session:
        head = audit.head(session)
    if head is None:
        raise fail("the audit trail is empty")
    if as_json:
        print_json({"sequence": head.sequence, "digest": head.digest})
    else:
        typer.echo(f"{head.sequence}:{head.digest}")


@audit_app.command("verify")
def audit_verify(
    heads: Annotated[
        list[str] | None,
        typer.Option("--head", help="A head that was kept elsewhere, as `audit head` prints it; may be repeated"),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check that no line was changed, added or removed. Exit status 1, naming the first wrong line, if one was."""
    from db import audit  # noqa: PLC0415
    from db.audit_chain import Head, check  # noqa: PLC0415
    from worker.audit_head import remembered  # noqa: PLC0415

    known = []
    for text in heads or ():
        found = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", text.strip())
        if found is None:
            raise fail(f"--head {text!r} is no head; `opportune audit head` prints one: NUMBER:DIGEST", 2)
        known.append(Head(sequence=int(found[1]), digest=found[2]))
    kept = remembered(load_settings(read_cards=False))
    known += [] if kept is None else [kept]
    with open_session(read_only=True) as session:
        verdict = check(audit.oldest_first(session), known)
    if as_json:
        print_json(
            {"sound": verdict.sound, "lines": verdict.lines, "head": verdict.head.digest, "broken": verdict.broken,
             "reason": verdict.reason, "heads_compared": len(known)}
        )  # fmt: skip
    elif verdict.sound:
        against = f"compared with {len(known)} remembered heads" if known else "no head is remembered yet"
        typer.echo(f"{verdict.lines} lines are sound; {against}")
    if not verdict.sound:
        raise fail(f"the audit trail is broken at line {verdict.broken}: {verdict.reason}")


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
