"""`opportune train` and `opportune simulate`."""

from pathlib import Path
from typing import Annotated

import typer

from worker.cli.output import JsonFlag, fail, print_json, print_table, progress


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(train)
    app.command()(simulate)


def train(
    model: Annotated[str, typer.Argument(help="Model to train")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the bundle, checkpoints and logs")],
    tier: Annotated[str, typer.Option(help="tiny (minutes on two cores), small or reference (GPU)")] = "tiny",
    cohort: Annotated[
        Path | None, typer.Option("--cohort", help="CSV file of your own patients (docs/cohort.md); default: simulated")
    ] = None,
    patients: Annotated[
        int | None, typer.Option("--simulate", min=1, help="Simulated patients to train on; default: the tier's")
    ] = None,
    folds: Annotated[int, typer.Option(min=3, help="Folds of patients of the cohort")] = 5,
    fold: Annotated[int, typer.Option(min=0, help="Fold to test on; the next one is validated on")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the cohort and of the training")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "cpu",
    workers: Annotated[int, typer.Option(min=1, help="Processes that draw phantoms; the result is the same")] = 2,
    as_json: JsonFlag = False,
) -> None:
    """Train a model and write its bundle, judged on patients it never saw.

    Simulated patients are judged against the simulator's own oracle. A training that was interrupted goes on where it
    was when the same command is given again.
    """
    from training.request import TrainingRequest  # noqa: PLC0415 (imports numpy)
    from training.train import train as run  # noqa: PLC0415 (imports torch)

    with progress() as bar:
        task = bar.add_task("training", total=None)
        stage = ""

        def report(now: str, done: int, total: int) -> None:
            nonlocal stage
            if now != stage:  # the time left is that of the stage
                bar.reset(task)
            stage = now
            bar.update(task, completed=done, total=total, description=now)

        request = TrainingRequest(
            tier=tier, out=out, seed=seed, device=device, workers=workers, progress=report, cohort=cohort,
            patients=patients, folds=folds, fold=fold,
        )  # fmt: skip
        result = run(model, request)
    bad = [str(row) for row in result.bad]
    if as_json:
        values = {"model": model, "tier": tier, "seed": seed, "bundle": result.bundle, "metrics": result.metrics}
        print_json(values | ({"bad_rows": bad} if cohort is not None else {}))
        return
    rows = ((name, f"{value:.4f}") for name, value in result.metrics.items())
    whom = "simulated patients" if cohort is None else f"patients of {cohort.name}"
    print_table(f"{model}, tier {tier}, seed {seed}, on held-out {whom}", ("figure", "value"), rows)
    if bad:
        print_table(f"{len(bad)} rows of {cohort.name if cohort else ''} left out", ("row",), ((row,) for row in bad))
    typer.echo(f"bundle in {result.bundle}")


def simulate(
    model: Annotated[str, typer.Argument(help="Model whose input is simulated")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write to")],
    n: Annotated[int, typer.Option("--n", min=1, help="Number of patients")] = 10,
    seed: Annotated[int, typer.Option(help="Seed; the same seed gives the same files")] = 0,
) -> None:
    """Write simulated patients as valid DICOM files, with their labels in labels.csv."""
    from training.simulate import SIMULATORS  # noqa: PLC0415

    if model not in SIMULATORS:
        raise fail(f"there is no simulator for {model!r}; there is one for {', '.join(sorted(SIMULATORS))}", status=2)
    with progress() as bar:
        task = bar.add_task("simulating", total=n)
        SIMULATORS[model](out, n, seed, lambda: bar.advance(task))
    typer.echo(f"{n} patients in {out}, labels in {out / 'labels.csv'}")
