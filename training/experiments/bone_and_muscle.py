"""Does muscle help beside bone, and detection beside prediction? The 2025 paper's claims, where the truth is typed in.

The same people and pictures serve every arm; only what comes of them changes: with muscle in the hazard, and without
(the negative control, in which a gain would be a fault of the method). Follow-up is long, so that events are many.
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from models.bone_muscle_ct.network import BoneMuscleNet
from training.cohorts.bone_muscle_ct import Fates, simulate
from training.cohorts.bone_muscle_data import BoneMuscleCohort
from training.evaluation.bootstrap import Draws, bootstrap
from training.evaluation.concordance import harrell_c
from training.evaluation.interval import Floats, Interval, Ints
from training.evaluation.time_auc import auc_at
from training.fitting.bone_muscle_ct import TIERS, BoneMuscleTrainee, Task, Tier, first_stage, predict
from training.fitting.bone_muscle_heads import HeadsTrainee, encode_slices, hazards_of
from training.loop import Plan, fit
from training.outcomes.bone_muscle_ct import MUSCLE
from training.request import Progress, silent

INPUTS = {"bone_and_muscle": False, "bone": True}
HORIZONS = (2.0, 3.0, 5.0)
TRAINING_FATES = 8


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much work goes into the experiment."""

    tier: Tier
    seeds: int  #: of the heads, for bone against bone and muscle
    heads: Plan
    batch: int  #: of the heads
    tasks_people: int  #: training people of single against multitask, whole networks
    tasks: Plan
    fates: int  #: of each test person
    draws: int


SCALES = {
    "tiny": Scale(
        tier=TIERS["tiny"], seeds=1, heads=Plan(epochs=4, peak_rate=2e-3), batch=32, tasks_people=200,
        tasks=Plan(epochs=2, peak_rate=2e-3), fates=2, draws=100,
    ),
    "full": Scale(
        tier=TIERS["small"], seeds=2, heads=Plan(epochs=5, peak_rate=2e-3), batch=64, tasks_people=1000,
        tasks=Plan(epochs=4, peak_rate=2e-3), fates=3, draws=500,
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Lab:
    """One run of the experiment."""

    out: Path
    size: Scale
    seed: int
    workers: int
    progress: Progress

    def people(self, split: str, beta: float) -> BoneMuscleCohort:
        """Training or test people, followed for long, with muscle in their hazard or not."""
        tier = self.size.tier
        count, each = (tier.train, TRAINING_FATES) if split == "train" else (tier.test, self.size.fates)
        return self._simulate(split, count, Fates(beta_muscle=beta, long=True, each=each))

    def encoder(self, bone_only: bool) -> BoneMuscleNet:
        """A network after its first stage: it has seen fractures, HU and area, and no outcome."""
        tier = self.size.tier
        train, validation = (
            self._simulate(split, count, Fates(each=tier.fates))
            for split, count in (("train", tier.train), ("validation", tier.validation))
        )
        return first_stage(
            train, validation, tier, seed=self.seed, bone_only=bone_only, folder=self.out / "run",
            progress=self.progress,
        )[0]  # fmt: skip

    def arm(self, bone_only: bool, betas: tuple[float, ...]) -> dict[float, list[Floats]]:
        """For each weight of muscle: (N,) log odds by five years of the test people, of heads of each seed."""
        encoder = self.encoder(bone_only)
        seen = {
            split: encode_slices(
                encoder, self.people(split, MUSCLE), pixel=self.size.tier.pixel, bone_only=bone_only
            ).astype(np.float32)
            for split in ("train", "test")
        }
        found: dict[float, list[Floats]] = {}
        for beta in betas:
            people = self.people("train", beta)
            for k in range(self.size.seeds):
                network = copy.deepcopy(encoder)
                trainee = HeadsTrainee(
                    network=network, slices=seen["train"], cohort=people, batch=self.size.batch, bone_only=bone_only
                )
                fit(trainee, self.size.heads, seed=self.seed + k)
                found.setdefault(beta, []).append(hazards_of(network, seen["test"])[:, -1])
        return found

    def tasks(self) -> dict[str, float]:
        """Whole networks from nothing: the hazard alone, and beside detection and measurements; equal epochs."""
        size, tier = self.size, self.size.tier
        train, test = (self.people(split, MUSCLE) for split in ("train", "test"))
        people = train.take(np.arange(min(size.tasks_people, len(train))))
        tasks: dict[str, Task] = {"multitask": "both", "single_task": "hazard"}
        lives = test.time.shape[1]
        scores = []
        for name, task in tasks.items():
            torch.manual_seed(self.seed)
            network = BoneMuscleNet(width=tier.width, hidden=tier.hidden)
            trainee = _LastEpoch(
                network=network, cohort=people, validation=people, pixel=tier.pixel, batch=tier.batch, bone_only=False,
                task=task,
            )  # fmt: skip
            fit(
                trainee, size.tasks, seed=self.seed, folder=self.out / "run", stage=name, identity=repr(size),
                progress=self.progress,
            )  # fmt: skip
            found = predict(network, test, pixel=tier.pixel, bone_only=False)
            scores.append(np.repeat(found.hazard[:, -1], lives))
        time, event = test.time.ravel().astype(np.float64), test.event.ravel()
        draws = bootstrap(
            lambda rows: [harrell_c(time[rows], event[rows], s[rows]).c for s in scores],
            np.repeat(test.patient_id, lives), draws=size.draws,
        )  # fmt: skip
        result = {"tasks_training_people": float(len(people)), "tasks_epochs": float(size.tasks.epochs)}
        for k, name in enumerate(tasks):
            result |= _named(f"{name}_c", draws.interval(k))
        return result | _gain("multitask_gain_c", draws, 0, 1)

    def _simulate(self, split: str, count: int, fates: Fates) -> BoneMuscleCohort:
        tier = self.size.tier
        return simulate(
            split, count, size=tier.size, pixel=tier.pixel, seed=self.seed, workers=self.workers,
            cache=self.out / "cohorts", fates=fates,
        )  # fmt: skip


def run(
    out: Path, *, seed: int = 0, scale: Literal["tiny", "full"] = "full", workers: int = 1, progress: Progress = silent
) -> Mapping[str, float | str]:
    """Run all arms, write out/results.json and return what is in it.

    out/cohorts and out/run keep people and first stages; those of a recipe's training of the same tier and seed serve.
    """
    size = SCALES[scale]
    lab = Lab(out=out, size=size, seed=seed, workers=workers, progress=progress)
    results: dict[str, float | str] = {"scale": scale, "seed": float(seed), "seeds_of_heads": float(size.seeds)}
    betas = {"with_muscle": MUSCLE, "control": 0.0}
    arms = {name: lab.arm(bone_only, tuple(betas.values())) for name, bone_only in INPUTS.items()}
    bone_lp = lab.people("test", 0.0).lp.astype(np.float64)
    for label, beta in betas.items():
        found = {name: arms[name][beta] for name in INPUTS}
        compared = compare(lab.people("test", beta), bone_lp, found, draws=size.draws)
        results |= {f"{label}_{key}": value for key, value in compared.items()}
    results |= lab.tasks()
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return results


def compare(
    test: BoneMuscleCohort, bone_lp: Floats, arms: Mapping[str, list[Floats]], *, draws: int
) -> dict[str, float]:
    """C and AUC of each input (means over seeds), the oracles', and the gain by muscle on the same draws."""
    lives = test.time.shape[1]
    time, event = test.time.ravel().astype(np.float64), test.event.ravel()

    def each(score: Floats) -> Floats:
        return np.repeat(score, lives)

    scores = {name: [each(s) for s in found] for name, found in arms.items()}
    oracles = [each(test.lp.astype(np.float64)), each(bone_lp)]

    def statistics(rows: Ints) -> list[float]:
        t, e = time[rows], event[rows]
        values = [float(np.mean([harrell_c(t, e, s[rows]).c for s in scores[name]])) for name in INPUTS]
        values += [harrell_c(t, e, s[rows]).c for s in oracles]
        for h in HORIZONS:
            values += [float(np.mean([auc_at(t, e, s[rows], h) for s in scores[name]])) for name in INPUTS]
        return values

    drawn = bootstrap(statistics, np.repeat(test.patient_id, lives), draws=draws)
    names = ["bone_and_muscle_c", "bone_c", "oracle_c", "oracle_without_muscle_c"]
    out = {"people": float(len(test)), "events": float(event.sum())}
    for k, name in enumerate(names):
        out |= _named(name, drawn.interval(k))
    out |= _gain("gain_c", drawn, 0, 1) | _gain("oracle_gain_c", drawn, 2, 3)
    for k, h in enumerate(HORIZONS):
        out |= {f"bone_and_muscle_auc_{h:g}y": float(drawn.value[4 + 2 * k])}
        out |= {f"bone_auc_{h:g}y": float(drawn.value[5 + 2 * k])} | _gain(
            f"gain_auc_{h:g}y", drawn, 4 + 2 * k, 5 + 2 * k
        )
    for k in range(len(arms["bone"])):
        first, second = (harrell_c(time, event, scores[name][k]).c for name in INPUTS)
        out[f"gain_c_seed_{k}"] = first - second
    return out


class _LastEpoch(BoneMuscleTrainee):
    """Nothing is held back: the last epoch counts, so that both arms get equal epochs."""

    def validate(self, device: torch.device) -> float:
        """Not asked."""
        del device
        return float("nan")


def _named(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _gain(name: str, draws: Draws, first: int, second: int) -> dict[str, float]:
    return _named(name, draws.difference(first, second)) | {f"{name}_p": draws.p(first, second)}
