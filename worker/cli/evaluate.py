"""`opportune evaluate` and `opportune recalibrate`."""

import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from screening.errors import ConfigurationError
from worker.cli.output import JsonFlag, console, print_json, print_table, progress

if TYPE_CHECKING:
    from training.evaluate import Simulated

BundleOption = Annotated[Path | None, typer.Option(help="Bundle to judge; the shipped one if not given")]
DeviceOption = Annotated[str, typer.Option(help="cpu or cuda")]
WorkersOption = Annotated[int, typer.Option(min=1, help="Processes that draw phantoms; the result is the same")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(evaluate)
    app.command()(recalibrate)


def evaluate(
    model: Annotated[str, typer.Argument(help="Model to judge")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the report")],
    bundle: BundleOption = None,
    cohort: Annotated[list[Path] | None, typer.Option(help="CSV table of a cohort; may be given several times")] = None,
    simulate: Annotated[
        list[str] | None,
        typer.Option(help="Number of simulated patients, or external:N; may be given several times"),
    ] = None,
    external: Annotated[bool, typer.Option("--external", help="Simulated patients of held-out settings")] = False,
    layout: Annotated[str, typer.Option(help="paper: the tables of the model's paper")] = "paper",
    boot: Annotated[int, typer.Option(min=100, help="Bootstrap draws")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap and of simulated patients")] = 0,
    by: Annotated[str, typer.Option(help="Groups to report separately, with commas: sex,age_band,vendor")] = "",
    variants: Annotated[Path | None, typer.Option(help="results.json of the experiment with six variants")] = None,
    device: DeviceOption = "cpu",
    workers: WorkersOption = 2,
    cache: Annotated[Path | None, typer.Option(help="Folder that keeps simulated patients")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Judge a bundle on a cohort: the tables of its paper with intervals, plots, results.json and TRIPOD+AI."""
    from training.evaluate import Task  # noqa: PLC0415 (imports torch)
    from training.evaluate import evaluate as run  # noqa: PLC0415
    from training.reporting.report import Wish, short  # noqa: PLC0415

    if layout != "paper":
        raise ConfigurationError(f"--layout must be paper, got {layout!r}")
    sources = (*(cohort or ()), *_simulated(simulate or [], external=external, seed=seed))
    groups = tuple(name.strip() for name in by.split(",") if name.strip())
    with progress() as bar:
        bars = {"": bar.add_task("evaluating", total=None)}

        def report(stage: str, done: int, total: int) -> None:
            bar.update(bars[""], completed=done, total=total, description=stage)

        task = Task(
            model_name=model, bundle=bundle or shipped(model), sources=sources, device=device, workers=workers,
            cache=cache, by=groups, progress=report,
        )  # fmt: skip
        wish = Wish(out=out, draws=boot, seed=seed, variants=variants, command=shlex.join(["opportune", *sys.argv[1:]]))
        made, cohorts = run(task, wish)
    bad = {scored.name: len(scored.bad) for scored in cohorts}
    for name, count in bad.items():
        _warn(name, count)
    for scored in cohorts:
        _warn_of_columns(scored.name, scored.unused, scored.absent)
    if as_json:
        print_json({
            "model": model, "out": out, "rows": {scored.name: len(scored) for scored in cohorts}, "bad_rows": bad,
            "not_interpretable": list(made.banners), "figures": dict(short(made)),
        })  # fmt: skip
        return
    for text in made.banners:
        typer.echo(f"NOT INTERPRETABLE - {text}")
    print_table(f"{model}, {', '.join(bad)}", ("figure", "value (95 %)"), short(made))
    typer.echo(f"report in {out / 'table.md'}")


def recalibrate(
    model: Annotated[str, typer.Argument(help="Model to recalibrate")],
    cohort: Annotated[Path, typer.Option("--cohort", help="CSV table of the site's cohort")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the new bundle; must not be there")],
    method: Annotated[str, typer.Option(help="intercept, intercept+slope or isotonic")] = "intercept",
    bundle: BundleOption = None,
    device: DeviceOption = "cpu",
    as_json: JsonFlag = False,
) -> None:
    """Fit a bundle's probabilities to a site's own patients and write it as a new version; nothing is put in force."""
    from training.evaluate import Task  # noqa: PLC0415 (imports torch)
    from training.recalibrate import recalibrate as run  # noqa: PLC0415

    task = Task(model_name=model, bundle=bundle or shipped(model), sources=(cohort,), device=device)
    made = run(task, method, out)
    _warn(cohort.name, made.bad)
    if as_json:
        print_json({"bundle": made.bundle, "version": made.card.version, "record": made.record})
        return
    rows = []
    for name, said in made.record["outputs"].items():
        if "left_as_it_was" in said:
            rows.append((name, "left as it was", said["left_as_it_was"], "", ""))
            continue
        crossed = said["after_cross_validated"] or {}
        for figure, value in said["before"].items():
            rows.append((name, figure, f"{value:.3f}", f"{said['after_same_patients'][figure]:.3f}",
                         f"{crossed[figure]:.3f}" if figure in crossed else ""))  # fmt: skip
    columns = ("output", "figure", "before", "after, same patients", "after, cross-validated")
    print_table(f"{model} {made.card.version}, {method} on {cohort.name}", columns, rows)
    typer.echo(f"bundle in {made.bundle}; judge it on other patients before it is taken with opportune models import")


def _simulated(texts: Sequence[str], *, external: bool, seed: int) -> "list[Simulated]":
    """N or external:N; of several of one kind each has a seed, and so patients, of its own."""
    from training.evaluate import Simulated  # noqa: PLC0415 (imports torch)

    found = []
    seen: Counter[bool] = Counter()
    for text in ",".join(texts).split(","):
        kind, _, number = text.strip().rpartition(":")
        if not text.strip():
            continue
        if kind not in {"", "external"} or not number.isdigit() or not int(number):
            raise ConfigurationError(f"--simulate must be a number of patients or external:N, got {text!r}")
        held_out = external or kind == "external"
        found.append(Simulated(count=int(number), external=held_out, seed=seed + seen[held_out]))
        seen[held_out] += 1
    return found


def shipped(model: str) -> Path:
    """The bundle folder of a model as it is shipped.

    Raises
    ------
    ConfigurationError
        If its weights are not.
    """
    from models import registry  # noqa: PLC0415

    folder: Path = registry.FOLDER / model / "bundle"
    if (registry.FOLDER / model).is_dir() and not folder.is_dir():
        raise ConfigurationError(
            f"no weights of {model} are shipped: make some with opportune train {model} and give --bundle"
        )
    return folder


def _warn_of_columns(name: str, unused: Sequence[str], absent: Sequence[str]) -> None:
    """A misspelt column is one that nothing reads and one that is not there."""
    if unused or absent:
        said = [f"columns of {name}"]
        said += [f"that nothing reads: {', '.join(unused)}"] if unused else []
        said += [f"that it has not: {', '.join(absent)}"] if absent else []
        console(stderr=True).print("opportune: note: " + "; ".join(said), highlight=False, markup=False)


def _warn(name: str, count: int) -> None:
    if count:
        said = f"opportune: warning: {count} rows of {name} left out; each is listed with its reason in the report"
        console(stderr=True).print(said, highlight=False, markup=False)
