"""Does the radiograph add to the referral? Kong et al. 2022, figure 4: Cox and DeepSurv, models 1 to 3, with the image.

Every arm learns from the same people with one life each, followed to its end; arms with the picture are blended with
those without on validation people, one life each. C is taken on other people with several
lives each, at least 3,000 events, and compared on the same bootstrap cohorts, drawn by person.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from models.spine_fracture_xr.clinical import ARMS
from models.spine_fracture_xr.network import DEEPSURV, FULL, IMAGE, WITH_IMAGE, FractureNet, blended
from training.evaluation.bootstrap import bootstrap
from training.evaluation.concordance import harrell_c
from training.evaluation.interval import Floats, Ints
from training.experiments.spine_people import (
    TIERS,
    VALIDATED_LIVES,
    Scale,
    draw_people,
    one_life,
    repeated,
    seen,
    write_results,
)
from training.fitting.cox import fit_blends, fit_cox
from training.fitting.spine_hazard import Shown, features_of, train_hazard
from training.request import Progress, silent

TEST_LIVES = {"tiny": 2, "full": 6}
DRAWS = {"tiny": 20, "full": 600}


def run(
    out: Path, *, seed: int = 0, scale: Scale = "full", workers: int = 1, progress: Progress = silent,
    cache: Path | None = None,
) -> Mapping[str, float | str]:  # fmt: skip
    """Train all arms, compare them, and write out/results.json.

    Parameters
    ----------
    out
        Gets results.json, checkpoints and, unless `cache` is another folder, the people.
    seed
        Of people, lives and training.
    scale
        "tiny" runs through; "full" gives the figures.
    """
    tier = TIERS[scale]
    people = draw_people(tier, seed=seed, workers=workers, cache=cache or out / "cohorts", progress=progress)
    train = one_life(seen(people.train, "train", tier.view, count=1, seed=seed))
    validation = seen(people.validation, "validation", tier.view, count=VALIDATED_LIVES, seed=seed)
    test = seen(people.test, "test", tier.view, count=TEST_LIVES[scale], seed=seed)
    net = train_hazard(train, validation, tier, seed=seed, folder=out / "run", stage="figure4", progress=progress).net
    known = one_life(validation)
    blends = fit_blends(_hazards(net, known), known.times[0], known.events[0])
    plain = _hazards(net, test)
    scores = blended(plain, blends) | {f"unblended_{name}": plain[name] for name in blends}
    for arm, items in ARMS.items():
        model = fit_cox(train.items, train.times[0], train.events[0], items)
        scores[f"cox_{arm}"] = model.log_hazard(test.items)
    scores["oracle"] = people.test.lp
    time, event = test.times.ravel(), test.events.ravel()
    names = sorted(scores)
    columns = [repeated(scores[name], test) for name in names]

    def statistics(rows: Ints) -> list[float]:
        return [harrell_c(time[rows], event[rows], column[rows]).c for column in columns]

    drawn = bootstrap(statistics, repeated(people.test.patient_id, test), draws=DRAWS[scale], seed=seed)
    results: dict[str, float | str] = {
        "people": float(len(people.test)), "test_events": float(event.sum()), "train_events": float(train.events.sum()),
    }  # fmt: skip
    for k, name in enumerate(names):
        interval = drawn.interval(k)
        results |= {f"c_{name}": interval.value, f"c_{name}_low": interval.low, f"c_{name}_high": interval.high}
    best = names.index("oracle")
    for name in names:
        results[f"efficiency_{name}"] = (drawn.value[names.index(name)] - 0.5) / (drawn.value[best] - 0.5)
    for first, second in pairs():
        a, b = names.index(first), names.index(second)
        interval = drawn.difference(a, b)
        label = f"{first}_minus_{second}"
        results |= {label: interval.value, f"{label}_low": interval.low, f"{label}_high": interval.high}
        results[f"{label}_p"] = drawn.p(a, b)
    return write_results(out, results)


def _hazards(net: FractureNet, people: Shown) -> dict[str, Floats]:
    with torch.no_grad():
        found = net.hazards(features_of(net, people.pictures[0]), torch.from_numpy(people.items))
    return {name: hazard.numpy().astype(np.float64) for name, hazard in found.items()}


def pairs() -> list[tuple[str, str]]:
    """What the paper compares: each model with the picture against Cox and against DeepSurv without it."""
    found = [(WITH_IMAGE + arm, f"cox_{arm}") for arm in ARMS] + [(WITH_IMAGE + arm, DEEPSURV + arm) for arm in ARMS]
    return [*found, (IMAGE, "cox_m3"), (FULL, "cox_m3")]
