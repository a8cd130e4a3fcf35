"""`opportune send`."""

import re
from pathlib import Path
from typing import Annotated

import typer

from worker.cli.output import JsonFlag, fail, print_json, print_table, progress


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(send)


def send(
    path: Annotated[Path, typer.Argument(exists=True, help="A DICOM file or a folder of them")],
    to: Annotated[str, typer.Option("--to", help="AE@host:port")],
    ae_title: Annotated[str, typer.Option("--ae-title", help="Our AE title")] = "OPPORTUNE",
    as_json: JsonFlag = False,
) -> None:
    """Send files by C-STORE, never re-encoded. Exit status 1 if one was not stored."""
    from dicom_node import scu  # noqa: PLC0415
    from dicom_node.identity import Timeouts  # noqa: PLC0415
    from screening.settings import Destination  # noqa: PLC0415

    match = re.fullmatch(r"([^@]{1,16})@([^@:]+):(\d{1,5})", to)
    if match is None:
        raise fail(f"--to must be AE@host:port, e.g. OPPORTUNE@127.0.0.1:11112, got {to!r}", status=2)
    destination = Destination(name="to", ae_title=match[1], address=match[2], port=int(match[3]))
    files = sorted(item for item in (path.rglob("*") if path.is_dir() else [path]) if item.is_file())
    results = []
    with progress() as bar:
        task = bar.add_task("sending", total=len(files))
        for result in scu.send_files(files, destination, ae_title, Timeouts()):
            results.append(result)
            bar.advance(task)
    stored = sum(result.stored for result in results)
    if as_json:
        print_json(
            {
                "files": len(files),
                "stored": stored,
                "results": [
                    {"path": str(result.path), "status": result.status, "detail": result.detail} for result in results
                ],
            }
        )
    else:
        rows = ((result.path.name, result.detail) for result in results if not result.stored)
        print_table(f"{stored} of {len(files)} stored; not stored", ("file", "why"), rows)
    if stored != len(files):
        raise typer.Exit(1)
