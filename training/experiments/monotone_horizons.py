"""One network for all years or one for each: how often does a patient's 5-year risk fall below the 3-year risk.

The paper gives an AUROC for each of 1, 3 and 5 years, which three separate binary networks would. Here both ways learn
from what a reader could measure of simulated patients (with errors), on as many scans as the paper has.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.hazard import HazardHead
from training.evaluation.bootstrap import bootstrap
from training.evaluation.interval import Bools, Floats, Ints
from training.evaluation.time_auc import auc_at
from training.fitting.by_year import inverse_probability
from training.outcomes.ssc_ild_mortality_ct import BASELINE, CENSORING, FRAILTY, Signs, log_hazard, standard
from training.outcomes.survival import draw_survival
from training.phantoms.lung.person import Person, draw_person
from training.request import Progress, silent

YEARS, HORIZONS = 5, (1, 3, 5)
ERRORS = (0.35, 0.6, 0.6, 0.5, 1.0, 0.0)  # SD of a reader's errors, in SD of each sign; assumption
IDLE = 10  # features that say nothing, as many of radiomics' do; assumption
HIDDEN, RATE, DECAY, EPOCHS, BATCH = 32, 3e-3, 1e-3, 40, 128
FIRST_SEED = 80_000_000  # of the patients: beyond all splits


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much work."""

    training: int  #: patients, one scan each; the paper has 2,125 scans
    validation: int  #: taken for early stopping
    test: int
    repeats: int  #: trainings of each way, on patients of their own
    draws: int  #: of the bootstrap


SCALES = {
    "tiny": Scale(training=300, validation=100, test=600, repeats=1, draws=50),
    "full": Scale(training=2125, validation=531, test=20_000, repeats=5, draws=300),
}


@dataclass(frozen=True, kw_only=True)
class Patients:
    """N patients with one scan each, as a reader sees them, and what came of them."""

    features: Tensor  #: (N, 16)
    time: Floats
    event: Bools
    lp: Floats


def run(
    out: Path,
    *,
    seed: int,
    scale: Literal["tiny", "full"],
    workers: int = 1,
    progress: Progress = silent,
) -> Mapping[str, float | str]:
    """Train both ways, compare them on the same test patients, and write out/results.json.

    Parameters
    ----------
    out
        A folder.
    seed
        Of patients and networks.
    scale
        "tiny" proves that it runs, "full" answers the question.
    workers
        Without effect: there is little to draw.
    progress
        Called with (stage, done, total).
    """
    del workers
    size = SCALES[scale]
    test = draw_patients(size.test, seed, 0)
    monotone, separate = [], []
    for repeat in range(size.repeats):
        known = draw_patients(size.training, seed, 1 + 2 * repeat)
        watched = draw_patients(size.validation, seed, 2 + 2 * repeat)
        torch.manual_seed(1000 * seed + repeat)
        monotone.append(_risks([fit(Monotone(), known, watched, tuple(range(1, YEARS + 1)))], test)[:, [0, 2, 4]])
        separate.append(_risks([fit(Single(), known, watched, (year,)) for year in HORIZONS], test))
        progress("networks", repeat + 1, size.repeats)
    results = compare(test, monotone, separate, draws=size.draws, seed=seed) | {
        "scale": scale, "training_patients": float(size.training), "repeats": float(size.repeats),
    }  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return results


def draw_patients(count: int, seed: int, part: int) -> Patients:
    """Patients of the simulator's population without a picture; parts do not overlap."""
    first = FIRST_SEED + 1_000_000 * part
    signs = [_signs(draw_person(first + number)) for number in range(count)]
    lp = np.array([log_hazard(one) for one in signs])
    rng = np.random.default_rng([seed, part, 93])
    drawn = draw_survival(lp, rng, baseline=BASELINE, frailty_sd=FRAILTY, censoring=CENSORING)
    seen = np.array([standard(one) for one in signs]) + rng.normal(0, 1, (count, len(ERRORS))) * ERRORS
    table = np.c_[seen, rng.normal(0, 1, (count, IDLE))]
    return Patients(features=torch.from_numpy(table).float(), time=drawn.time, event=drawn.event, lp=lp)


def _signs(person: Person) -> Signs:
    _, reticulation, honeycombing = person.shares
    return Signs(
        extent=person.extent, reticulation=reticulation + honeycombing, honeycombing=honeycombing,
        artery=person.pulmonary_artery, age=person.age, man=person.sex == "M",
    )  # fmt: skip


class Monotone(nn.Module):
    """One network with a hazard head of five years."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = _body(), HazardHead(HIDDEN, YEARS)

    def forward(self, x: Tensor) -> Tensor:
        """(N, F) -> (N, 5) log odds, not falling."""
        found: Tensor = self.head(self.body(x))
        return found


class Single(nn.Module):
    """A network for one year."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = _body(), nn.Linear(HIDDEN, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, F) -> (N, 1) log odds."""
        found: Tensor = self.head(self.body(x))
        return found


def _body() -> nn.Sequential:
    return nn.Sequential(nn.Linear(len(ERRORS) + IDLE, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU())


def fit(net: nn.Module, known: Patients, watched: Patients, years: tuple[int, ...]) -> nn.Module:
    """Train on the outcomes of these years, weighted against censoring; the weights that validate best are kept."""
    columns = [year - 1 for year in years]
    target, weight = _labels(known, columns)
    held, held_weight = _labels(watched, columns)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    best, least = net.state_dict(), float("inf")
    for _ in range(EPOCHS):
        for rows in torch.split(torch.randperm(len(target)), BATCH):
            loss = _bce(net(known.features[rows]), target[rows], weight[rows])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        with torch.no_grad():
            value = float(_bce(net(watched.features), held, held_weight))
        if value < least:
            best, least = {name: tensor.clone() for name, tensor in net.state_dict().items()}, value
    net.load_state_dict(best)
    return net


def _labels(patients: Patients, columns: list[int]) -> tuple[Tensor, Tensor]:
    happened, weight = inverse_probability(patients.time, patients.event, YEARS)
    return torch.from_numpy(happened[:, columns]).float(), torch.from_numpy(weight[:, columns]).float()


def _bce(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    each = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (each * weight).sum() / weight.sum().clamp(min=1e-6)


@torch.no_grad()
def _risks(nets: list[nn.Module], patients: Patients) -> Floats:
    """(N, outputs of all nets) risks."""
    found = torch.cat([torch.sigmoid(net(patients.features)) for net in nets], 1)
    return found.numpy().astype(np.float64)


def compare(
    test: Patients, monotone: list[Floats], separate: list[Floats], *, draws: int, seed: int
) -> dict[str, float | str]:
    """Shares of patients whose risk falls, and AUROC by year, mean over the trainings, with paired intervals.

    `monotone`, `separate`: (N, 3) risks by 1, 3 and 5 years of each training.
    """

    def mean_auc(risks: list[Floats], rows: Ints) -> list[float]:
        t, y = test.time[rows], test.event[rows]
        each = [[auc_at(t, y, risk[rows, place], year) for place, year in enumerate(HORIZONS)] for risk in risks]
        return [float(value) for value in np.mean(each, 0)]

    def statistics(rows: Ints) -> list[float]:
        return [*mean_auc(monotone, rows), *mean_auc(separate, rows)]

    drawn = bootstrap(statistics, np.arange(test.time.size), draws=draws, seed=seed)
    results: dict[str, float | str] = {
        "test_patients": float(test.time.size),
        "test_deaths": float(test.event.sum()),
        "deaths_within_5_years": float((test.event & (test.time <= YEARS)).sum()),
    }
    for place, year in enumerate(HORIZONS):
        gap = drawn.difference(place, place + len(HORIZONS))
        results |= {
            f"monotone_auc_{year}": float(drawn.value[place]),
            f"separate_auc_{year}": float(drawn.value[place + len(HORIZONS)]),
            f"oracle_auc_{year}": auc_at(test.time, test.event, test.lp, year),
            f"difference_auc_{year}": gap.value, f"difference_auc_{year}_low": gap.low,
            f"difference_auc_{year}_high": gap.high,
        }  # fmt: skip
    for name, risks in (("monotone", monotone), ("separate", separate)):
        results[f"{name}_share_5_below_3"] = float(np.mean([(one[:, 2] < one[:, 1]).mean() for one in risks]))
        results[f"{name}_share_3_below_1"] = float(np.mean([(one[:, 1] < one[:, 0]).mean() for one in risks]))
    worst = [(one[:, 1] - one[:, 2]).max() for one in separate]
    results["separate_largest_fall_3_to_5"] = float(max(worst))
    return results
