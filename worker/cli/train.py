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
    out: Annotated[Path, typer.Option("--out", help="Folder for the bundle")],
    tier: Annotated[str, typer.Option(help="tiny (minutes on two cores), small or reference (GPU)")] = "tiny",
    seed: Annotated[int, typer.Option(help="Seed of the cohort and of the training")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    workers: Annotated[int, typer.Option(min=1, help="Processes that draw phantoms; the result is the same")] = 2,
    as_json: JsonFlag = False,
) -> None:
    """Train a model on simulated patients and write its bundle, judged against the simulator's own oracle."""
    from training.train import train as run  # noqa: PLC0415 (imports torch)

    with progress() as bar:
        task = bar.add_task("training", total=None)

        def report(stage: str, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description=stage)

        result = run(model, tier, out, seed=seed, device=device, workers=workers, progress=report)
    if as_json:
        print_json({"model": model, "tier": tier, "seed": seed, "bundle": result.bundle, "metrics": result.metrics})
    else:
        rows = ((name, f"{value:.4f}") for name, value in result.metrics.items())
        print_table(f"{model}, tier {tier}, seed {seed}, on held-out simulated patients", ("figure", "value"), rows)
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
