"""`opportune demo`."""

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli.output import JsonFlag, console, fail, print_json, print_table, progress


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the samples; exit 0 only if all is well")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to work in; a new temporary one by default")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the node at work: it screens simulated studies and sends the results to a stand-in PACS, all on loopback."""
    from screening.log_settings import Log  # noqa: PLC0415
    from screening.settings import Settings  # noqa: PLC0415
    from worker import roles  # noqa: PLC0415
    from worker.demo.run import SENDER, demonstrate  # noqa: PLC0415
    from worker.logs import start_logging  # noqa: PLC0415

    folder = (out or Path(tempfile.mkdtemp(prefix="opportune-demo-"))).resolve()
    if out is not None and folder.is_dir() and any(folder.iterdir()):
        raise fail(f"{folder} is not empty; name a new folder", status=2)
    folder.mkdir(parents=True, exist_ok=True)
    start_logging(Settings(home=folder, log=Log(level="WARNING", format="plain")), "demo")
    with progress() as bar, closing(demonstrate(folder, bar)) as steps:
        running, values = next(steps)
        bar.stop()
        if as_json:
            print_json(values)
        else:
            _show(values)
        if not once:
            us, pacs = f"OPPORTUNE@127.0.0.1:{running.port}", running.pacs_port
            say = console(stderr=as_json)
            say.print(f"The node still runs as {us} (calling AE title {SENDER}), its PACS on port {pacs}.")
            say.print("Press Ctrl-C to end it.")
            roles.wait_for_signal()
    if values["failed"]:
        raise fail(f"{values['failed']} samples did not end as expected")


def _worth_showing(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All but models that rightly took no image of a study which another one took."""
    taken = {row["sample"] for row in rows if row["outcome"] != "ineligible"}
    return [
        row for row in rows if row["outcome"] != "ineligible" or row["sample"] not in taken or not row["as_expected"]
    ]


def _show(values: dict[str, Any]) -> None:
    rows = [
        (
            row["sample"],
            row["model"],
            row["outcome"] + ("" if row["as_expected"] else " (UNEXPECTED)"),
            row["detail"],
            len(row["objects"]),
        )
        for row in _worth_showing(values["studies"])
    ]
    print_table("What came back", ("sample study", "model", "outcome", "result or reason", "objects"), rows)
    figures = (
        "sent",
        "screened",
        "not_evaluable",
        "ineligible",
        "not_indicated",
        "objects_stored",
        "failed",
        "seconds",
    )
    console().print(", ".join(f"{name.replace('_', ' ')} {values[name]}" for name in figures))
    console().print(f"Studies, result objects and database: {values['folder']}", soft_wrap=True)
    console().print("SIMULATION-TRAINED - NOT FOR CLINICAL USE", style="bold red")
