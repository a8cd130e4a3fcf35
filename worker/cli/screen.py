"""`opportune screen`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli.output import JsonFlag, fail, print_json, print_table, progress
from worker.cli.settings import load_settings
from worker.headline import headline


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(screen)


def screen(
    path: Annotated[Path, typer.Argument(exists=True, help="A DICOM file or a folder of them")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the result objects")],
    model: Annotated[list[str] | None, typer.Option("--model", help="Model to run; all by default")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Screen files without a node: SR, SC and findings come out. Exit status 1 if a run failed."""
    from models import registry  # noqa: PLC0415
    from worker.pipeline import Pipeline  # noqa: PLC0415 (imports torch)
    from worker.privacy import quiet_libraries  # noqa: PLC0415
    from worker.screen_folder import read_folder, screen_study  # noqa: PLC0415

    quiet_libraries()
    settings = load_settings()
    names = model or registry.names()
    for name in names:
        registry.card(name, settings.of_model(name))
    studies, unread = read_folder(path)
    pipeline = Pipeline(threads=settings.worker.threads)
    results: list[dict[str, Any]] = []
    with progress() as bar:
        task = bar.add_task("screening", total=len(studies))
        for study in studies:
            results += screen_study(study, settings, names, pipeline, out)
            bar.advance(task)
    values = {
        "results": results,
        "unread": [{"path": str(item.path), "reason": item.reason} for item in unread],
    }
    if as_json:
        print_json(values)
    else:
        print_table("Results", ("study", "model", "decision", "headline", "objects"), map(_row, results))
        print_table("Not read", ("file", "reason"), ((item.path.name, item.reason) for item in unread))
    if not studies:
        raise fail(f"{path} holds no DICOM image to screen")
    if any(result["decision"] == "failed" for result in results):
        raise fail("a run failed; see the reasons above")


def _row(result: dict[str, Any]) -> tuple[str, ...]:
    outcome = result["outcome"]
    if outcome is None:
        reasons = dict.fromkeys(item["reason"] for item in result["rejected"])
        told = result.get("reason") or "; ".join(reasons)
    elif outcome["kind"] == "findings":
        told = headline(outcome)
    else:
        told = outcome["reason"]
    objects = ", ".join(item["role"] for item in result["objects"])
    return result["study_instance_uid"], result["model"], result["decision"], told, objects
