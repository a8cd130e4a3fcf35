"""`opportune train pediatric_age_cxr`: cohorts, network, intervals, distance, evaluation, bundle."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from models import ood
from models.conformal import Intervals, fit_intervals
from models.pediatric_age_cxr import preprocess
from models.pediatric_age_cxr.network import AgeNet
from models.pediatric_age_cxr.reader import GROUP_EDGES, GROUPS, MONTHS, Spread, group_of, load_reader
from models.weights import pick_device
from training.bundle import BundleContent, halve, write_bundle
from training.cohorts.pediatric_age_cxr import LAYOUT, AgeCohort, ages, read, simulate
from training.cohorts.source import splits
from training.evaluation.interval import Floats
from training.fitting.pediatric_age_cxr import TIERS, AgeTrainee, Tier, score
from training.loop import fit
from training.phantoms.child.phantom import SIMULATOR_VERSION
from training.recipes.pediatric_age_judging import judge
from training.recipes.pediatric_age_texts import CARD, INFERENCE, METADATA, network_data_format
from training.request import TrainingRequest, TrainingResult
from training.shipped import UNSEEN, Figures, Judges, Shipped, named, rows

__all__ = ["SIMULATOR_VERSION", "TIERS", "parts", "run"]

COVERAGE = 0.8  # of the interval that is told
OOD_PICTURES = 1200  # training pictures whose features the distance is measured from
LEAST_SD = 0.5  # months; keeps the z-score of newborns finite; assumption


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What is learned on validation."""

    scaled: Intervals  #: where the size of a pixel is known
    filled: Intervals  #: where it is not
    spread: Spread

    def ends(self, months: Floats, *, known: bool) -> tuple[Floats, Floats]:
        """Lower and upper ends of (N,) ages."""
        return (self.scaled if known else self.filled).around(months)


class Learned(NamedTuple):
    """All that training found."""

    net: AgeNet
    constants: Mapping[str, Tensor]  #: of the distance
    calibration: Calibration


def run(request: TrainingRequest) -> TrainingResult:
    """Train, judge and write the bundle. See `training.train.train`."""
    tier = TIERS[request.tier]
    device = str(pick_device(request.device))
    counts = {"train": tier.train, "validation": tier.validation, "test": tier.test, "external": tier.external}
    made = splits(
        request, counts, simulate=partial(draw, request, tier), read=partial(read, size=tier.stored), layout=LAYOUT
    )
    parts = made.parts
    trainee = AgeTrainee(parts["train"], parts["validation"], tier, seed=request.seed)
    history = fit(
        trainee, tier.plan, seed=request.seed, device=device, folder=request.out / "run",
        identity=_identity(request, tier, len(parts["train"])), progress=request.progress,
    )  # fmt: skip
    net = trainee.network.net
    halve(net)
    calibration = calibrate(net, parts["validation"], tier.size)
    unseen = {name: cohort for name, cohort in parts.items() if name not in {"train", "validation"}}
    results = made.counts | {"pictures_seen": float(trainee.steps * tier.batch * len(history.losses))}
    median = float(np.median(parts["train"].months))
    seen = parts["train"].take(np.arange(min(OOD_PICTURES, len(parts["train"]))))
    constants = distances(net, seen, parts["validation"], tier.size)
    learned = Learned(net, constants, calibration)
    for name, cohort in unseen.items():
        told = judged(learned, cohort, median, tier.size)
        results |= {f"{name}_{key}": value for key, value in told.items()}
    bundle = request.out / "bundle"
    write_bundle(bundle, content(request, learned, results))
    return TrainingResult(
        model_name="pediatric_age_cxr", tier=request.tier, seed=request.seed, bundle=bundle, history=history.losses,
        metrics=results, bad=made.bad,
    )  # fmt: skip


def learned_of(bundle: Path, *, device: str = "cpu") -> Learned:
    """What a bundle holds of it.

    Raises
    ------
    WeightsMismatch
        If card, configuration and weights do not belong together.
    """
    reader = load_reader(bundle, device=device)
    calibration = Calibration(scaled=reader.scaled, filled=reader.filled, spread=reader.spread)
    return Learned(reader.network, reader.ood, calibration)


def judged(learned: Learned, cohort: AgeCohort, median: float, size: int, *, device: str = "cpu") -> dict[str, float]:
    """Figures to scale, and of the same children with the size of their pixels forgotten.

    median: of the ages that taught the network, months. size: of the network's square, pixels.
    """
    told: dict[str, float] = {}
    net, calibration = learned.net, learned.calibration
    known = cohort.take(cohort.known)
    if len(known):
        months = score(net, known, size=size, device=device).months
        told |= judge(known, months, calibration.ends(months, known=True), median=median)
    loose = cohort.without_size()
    months = score(net, loose, size=size, device=device).months
    blind = judge(loose, months, calibration.ends(months, known=False), median=median)
    wanted = ("mae", "mae_low", "mae_high", "interval_coverage", "interval_width", "bias")
    told |= {f"without_size_{key}": blind[key] for key in wanted}
    features = score(net, cohort, size=size, device=device).features
    far = torch.stack([ood.distance(learned.constants, row) for row in features])
    return told | {"share_beyond_ood_limit": float((far > 1).float().mean())}


def calibrate(net: AgeNet, validation: AgeCohort, size: int) -> Calibration:
    """Intervals by group of the predicted age, and the spread of errors by group of the true age.

    A site whose radiographs do not tell the size of their pixels gets the intervals for that case in both places.
    """
    loose = validation.without_size()
    ages = score(net, loose, size=size).months
    fitted = partial(fit_intervals, edges=GROUP_EDGES, coverage=COVERAGE, least=MONTHS[0], most=MONTHS[1])
    filled = scaled = fitted(ages, loose.months)
    known = validation.take(validation.known)
    cohort = loose
    if len(known) >= len(validation) / 2:
        cohort, ages = known, score(net, known, size=size).months
        scaled = fitted(ages, known.months)
    return Calibration(scaled=scaled, filled=filled, spread=_spread(ages - cohort.months, cohort))


def _spread(wrong: Floats, cohort: AgeCohort) -> Spread:
    """A group of fewer than three children takes the mean and SD of all."""
    groups = group_of(cohort.months)
    parts = [wrong[groups == place] for place in range(len(GROUPS))]
    parts = [part if part.size > 2 else wrong for part in parts]
    return Spread(
        mean=tuple(float(part.mean()) for part in parts),
        sd=tuple(max(LEAST_SD, float(part.std(ddof=1))) for part in parts),
    )


def distances(net: AgeNet, train: AgeCohort, validation: AgeCohort, size: int) -> dict[str, Tensor]:
    """Constants of the distance; half of the pictures are to scale, half are not."""

    def both(cohort: AgeCohort) -> Tensor:
        rows = np.arange(len(cohort))
        parts = (cohort.take(rows % 2 == 0), cohort.take(rows % 2 == 1).without_size())
        return torch.cat([score(net, part, size=size).features for part in parts if len(part)])

    return ood.fit_ood(both(train), both(validation))


def content(
    request: TrainingRequest,
    learned: Learned,
    results: Mapping[str, float],
) -> BundleContent:
    """What the bundle holds."""
    tier, net, constants, calibration = TIERS[request.tier], learned.net, learned.constants, learned.calibration
    trained_on = f"{int(results['train_rows'])} simulated children (simulator {SIMULATOR_VERSION}"
    if request.cohort is not None:
        trained_on = f"{int(results['train_rows'])} radiographs of a site (table {request.cohort.name}"
    tensors = {f"net.{k}": v for k, v in net.state_dict().items()} | {f"ood.{k}": v for k, v in constants.items()}
    return BundleContent(
        card=dict(CARD) | {
            "input_size": [tier.size, tier.size],
            "trained_on": f"{trained_on}, tier {request.tier}, seed {request.seed})",
            "evidence": "simulation" if request.cohort is None else "research",
        },
        configuration={
            "network": asdict(tier.architecture),
            "preprocessing": {
                "version": preprocess.VERSION,
                "percentiles": list(preprocess.PERCENTILES),
                "mean": preprocess.MEAN,
                "sd": preprocess.SD,
                "field_mm": preprocess.FIELD,
            },
            "calibration": {
                "method": f"split conformal, {COVERAGE:.0%} by group of predicted age, on"
                f" {int(results['validation_rows'])} validation children",
                "interval": {"scaled": calibration.scaled.as_json(), "filled": calibration.filled.as_json()},
                "spread": {"mean": list(calibration.spread.mean), "sd": list(calibration.spread.sd)},
            },
            "ood": {"method": "probabilistic PCA Mahalanobis distance of pooled features", "scale": "99 % validation"},
        },
        metadata=METADATA | {"network_data_format": network_data_format(tier.size)},
        inference=INFERENCE | {"input_size": tier.size},
        tensors=tensors,
        keep_precision=("ood.",),
        results=results,
    )  # fmt: skip


def _identity(request: TrainingRequest, tier: Tier, count: int) -> str:
    """What weights follow from; how many children judge them is not part of it."""
    return repr((tier.architecture, tier.size, tier.stored, tier.batch, count, request.cohort, request.fold))


def draw(request: TrainingRequest, tier: Tier, split: str, count: int) -> AgeCohort:
    """Simulated children of a split."""
    return simulate(
        split, count, size=tier.stored, seed=request.seed, workers=request.workers, cache=request.out / "cohorts",
        progress=lambda done, total: request.progress(f"phantoms:{split}", done, total),
    )  # fmt: skip


def parts(shipped: Shipped) -> Judges:
    """What the table holds: children of both hospitals. Of those who taught the network only the ages are drawn."""
    request = shipped.request
    tier, learned = TIERS[request.tier], learned_of(shipped.bundle, device=request.device)

    def judge(split: str) -> Figures:
        median = float(np.median(ages("train", shipped.count("train_rows"), seed=request.seed)))
        cohort = draw(request, tier, split, shipped.count(f"{split}_rows"))
        told = judged(learned, cohort, median, tier.size, device=request.device)
        return rows(split, cohort) | named(split, told)

    return {split: partial(judge, split) for split in UNSEEN}
