"""`opportune purge`: remove received files that have served."""

import getpass
from typing import Annotated

import typer

from worker.cli.output import JsonFlag, fail, print_json, print_table
from worker.cli.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(purge)


def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run/--remove", help="List only, or remove")] = True,
    days: Annotated[float | None, typer.Option("--days", min=1, help="Age; retention.spool_days by default")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List the studies whose received files have served, or remove these files. What is not sent stays."""
    from db.engine import make_engine, make_sessions  # noqa: PLC0415
    from dicom_node.spool import Spool  # noqa: PLC0415
    from screening import clock  # noqa: PLC0415
    from worker import retention  # noqa: PLC0415

    settings = load_settings()
    age = days if days is not None else settings.retention.spool_days
    if age is None:
        raise fail("set retention.spool_days, or say --days N")
    engine = make_engine(settings.sqlalchemy_url)
    try:
        sessions = make_sessions(engine)
        if dry_run:
            found = retention.served(settings, sessions, age, clock.now())
        else:
            spool = Spool(settings.spool, minimum_free=0)
            found = retention.purge(settings, sessions, spool, getpass.getuser(), days=age, now=clock.now())
    finally:
        engine.dispose()
    if as_json:
        print_json(
            {"removed": not dry_run, "studies": [
                {"study_instance_uid": item.study_instance_uid, "files": item.files, "bytes": item.size}
                for item in found
            ]}
        )  # fmt: skip
        return
    rows = ((item.study_instance_uid, item.files, item.size // 2**20) for item in found)
    print_table("Would be removed" if dry_run else "Removed", ("study", "files", "MB"), rows)
