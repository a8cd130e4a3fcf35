"""`opportune reproduce`."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.evaluate import DeviceOption, WorkersOption, shipped
from worker.cli.output import JsonFlag, fail, print_json, print_table, progress

if TYPE_CHECKING:
    from training.reproduce import Figure, Reproduction


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(reproduce)


def reproduce(
    model: Annotated[str, typer.Argument(help="Model whose table is made anew")],
    bundle: Annotated[Path | None, typer.Option(help="Bundle of simulated patients; default: the shipped one")] = None,
    device: DeviceOption = "cpu",
    workers: WorkersOption = 2,
    cache: Annotated[
        Path | None, typer.Option(help="Folder that keeps simulated patients; a training's --out does")
    ] = None,
    only: Annotated[str, typer.Option(help="Parts of the table, with commas: test,external,keypoints,...")] = "",
    write: Annotated[
        bool, typer.Option("--write", help="Put what is found into the bundle's table and its card; sign it anew then")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Make a card's table anew: the same simulated patients, the shipped weights; status 1 if a figure differs."""
    from training.bundle import retell  # noqa: PLC0415 (imports torch)
    from training.reproduce import ABSOLUTE, RELATIVE, Task  # noqa: PLC0415
    from training.reproduce import reproduce as run  # noqa: PLC0415

    parts = tuple(name.strip() for name in only.split(",") if name.strip())
    with progress() as bar:
        shown = bar.add_task("reproducing", total=None)
        stage = ""

        def report(now: str, done: int, total: int) -> None:
            nonlocal stage
            if now != stage:  # the time left is that of the stage
                bar.reset(shown)
            stage = now
            bar.update(shown, completed=done, total=total, description=stage)

        task = Task(
            model_name=model, bundle=bundle or shipped(model), device=device, workers=workers, cache=cache, only=parts,
            progress=report,
        )  # fmt: skip
        made = run(task)
    if as_json:
        print_json({"model": model, "tolerance": {"absolute": ABSOLUTE, "relative": RELATIVE}} | _as_json(made))
    else:
        _print(model, made, f"{ABSOLUTE} up to 1, {RELATIVE:.0%} above")
    if write:
        found = {figure.name: figure.found for figure in made.figures if not math.isnan(figure.found)}
        retell(bundle or shipped(model), found | dict(made.new))
    elif made.differing:
        names = ", ".join(figure.name for figure in made.differing)
        raise fail(f"{len(made.differing)} of {len(made.figures)} figures are not the card's: {names}")


def _as_json(made: "Reproduction") -> dict[str, object]:
    return {
        "tier": made.origin.tier, "seed": made.origin.seed, "simulator": made.origin.simulator,
        "figures": {
            figure.name: {
                "card": _number(figure.card), "found": _number(figure.found),
                "difference": _number(figure.difference), "within": figure.within,
            }
            for figure in made.figures
        },
        "differing": [figure.name for figure in made.differing],
        "not_reproduced": dict(made.left), "not_in_the_table": dict(made.new), "seconds": round(made.seconds, 1),
    }  # fmt: skip


def _print(model: str, made: "Reproduction", tolerance: str) -> None:
    origin = made.origin
    title = f"{model}, simulator {origin.simulator}, tier {origin.tier}, seed {origin.seed}"
    columns = ("figure", "card", "found", "difference", "")
    print_table(title, columns, (_row(figure) for figure in made.figures))
    if made.left:
        print_table("not reproduced", ("figure", "why"), made.left.items())
    if made.new:
        print_table(
            "not in the table", ("figure", "found"), ((name, f"{value:.4g}") for name, value in made.new.items())
        )
    good = len(made.figures) - len(made.differing)
    typer.echo(
        f"{good} of {len(made.figures)} figures reproduced (tolerance {tolerance}), {len(made.left)} not made anew;"
        f" {made.seconds:.0f} s"
    )
    if made.farthest is not None:
        typer.echo(f"farthest from the card: {made.farthest.name}, by {made.farthest.difference:+.2g}")


def _row(figure: "Figure") -> tuple[str, ...]:
    mark = "" if figure.within else "DIFFERS"
    return (figure.name, f"{figure.card:.4g}", f"{figure.found:.4g}", f"{figure.difference:+.2g}", mark)


def _number(value: float) -> float | None:
    """JSON knows no NaN."""
    return None if math.isnan(value) else value
