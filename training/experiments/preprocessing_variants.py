"""What should the network be shown of the aligned spine? The six variants of Kong et al. 2022, table 2.

Each variant is given to the same network with the same budget, people, lives and seed. The picture arm alone is judged
on whether a fracture came within a follow-up like the paper's; the threshold is that of the paper's sensitivity.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from models.patches import VARIANTS
from models.spine_fracture_xr.network import IMAGE
from training.evaluation.bootstrap import Draws, bootstrap
from training.evaluation.discrimination import auc
from training.evaluation.interval import Bools, Floats, Ints
from training.experiments.spine_people import (
    TIERS,
    VALIDATED_LIVES,
    People,
    Scale,
    draw_people,
    repeated,
    seen,
    write_results,
)
from training.fitting.spine_hazard import Tier, features_of, train_hazard
from training.request import Progress, silent

TEST_LIVES = {"tiny": 30, "full": 70}
DRAWS = {"tiny": 20, "full": 300}
SENSITIVITY = 0.6957  # of five of the paper's six rows
BEST = "patches_L1L5"  # in the paper


def run(
    out: Path, *, seed: int = 0, scale: Scale = "full", workers: int = 1, progress: Progress = silent,
    cache: Path | None = None,
) -> Mapping[str, float | str]:  # fmt: skip
    """Train each variant, compare them, and write out/results.json. Arguments as in `spine_image_clinical.run`."""
    tier = TIERS[scale]
    people = draw_people(tier, seed=seed, workers=workers, cache=cache or out / "cohorts", progress=progress)
    scores: dict[str, Floats] = {}
    for variant in VARIANTS:
        scores[variant] = _score(people, replace(tier, variant=variant), seed=seed, out=out, progress=progress)
    scores["oracle"] = people.test.lp
    test = seen(people.test, "test", tier.view, count=TEST_LIVES[scale], seed=seed, follow_up="paper")
    event = test.events.ravel()
    names = list(scores)
    columns = [repeated(scores[name], test) for name in names]
    drawn = bootstrap(
        lambda rows: _figures(columns, event, rows), repeated(people.test.patient_id, test), draws=DRAWS[scale],
        seed=seed,
    )  # fmt: skip
    head: dict[str, float | str] = {"people": float(len(people.test)), "test_events": float(event.sum())}
    return write_results(out, head | _table(names, drawn))


def _score(people: People, tier: Tier, *, seed: int, out: Path, progress: Progress) -> Floats:
    """(N,) the picture arm's log-hazard of the test people, learnt from this variant."""
    train = seen(people.train, "train", tier.view, count=tier.lives, seed=seed)
    validation = seen(people.validation, "validation", tier.view, count=VALIDATED_LIVES, seed=seed)
    net = train_hazard(
        train, validation, replace(tier, arm_epochs=1), seed=seed, folder=out / "run", stage=tier.variant,
        progress=progress,
    ).net  # fmt: skip
    test = seen(people.test, "test", tier.view, count=1, seed=seed)
    with torch.no_grad():
        hazard = net.arms[IMAGE](features_of(net, test.pictures[0]), torch.from_numpy(test.items))
    return np.asarray(hazard.numpy(), np.float64)


def _figures(columns: list[Floats], event: Bools, rows: Ints) -> list[float]:
    """AUROC, specificity, PPV and NPV of each score, the threshold being that of the paper's sensitivity."""
    found: list[float] = []
    y = event[rows]
    for column in columns:
        score = column[rows]
        threshold = np.quantile(score[y], 1 - SENSITIVITY, method="higher") if y.any() else np.nan
        positive = score >= threshold
        hits, alarms = float((positive & y).sum()), float(positive.sum())
        rest = float((~positive & ~y).sum())
        found += [
            auc(score, y), rest / max(float((~y).sum()), 1.0), hits / max(alarms, 1.0),
            rest / max(float((~positive).sum()), 1.0), hits / max(float(y.sum()), 1.0),
        ]  # fmt: skip
    return found


FIGURES = ("auroc", "specificity", "ppv", "npv", "sensitivity")


def _table(names: list[str], drawn: Draws) -> dict[str, float | str]:
    """Every figure with its interval, and each variant's AUROC against the paper's best, paired."""
    found: dict[str, float | str] = {}
    for row, name in enumerate(names):
        for column, figure in enumerate(FIGURES):
            interval = drawn.interval(row * len(FIGURES) + column)
            found[f"{figure}_{name}"] = interval.value
            found |= {f"{figure}_{name}_low": interval.low, f"{figure}_{name}_high": interval.high}
    best = names.index(BEST) * len(FIGURES)
    for row, name in enumerate(names):
        if name not in (BEST, "oracle"):
            interval = drawn.difference(best, row * len(FIGURES))
            label = f"auroc_{BEST}_minus_{name}"
            found |= {label: interval.value, f"{label}_low": interval.low, f"{label}_high": interval.high}
            found[f"{label}_p"] = drawn.p(best, row * len(FIGURES))
    return found
