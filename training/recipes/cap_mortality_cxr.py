"""`opportune train cap_mortality_cxr`: cohorts, network, calibration, gate, evaluation, bundle."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from models import ood
from models.cap_mortality_cxr import preprocess
from models.cap_mortality_cxr.network import MortalityNet
from models.cap_mortality_cxr.reader import load_reader
from models.frontal_gate import FrontalNet
from models.weights import pick_device, read_weights
from screening.errors import ConfigurationError
from training.bundle import BundleContent, halve, write_bundle
from training.cohorts.cap_mortality_cxr import LAYOUT, simulated_curb65, to_learn
from training.cohorts.chest import ChestCohort, make_cohort
from training.cohorts.source import Splits, splits
from training.evaluation.calibration import brier, logistic
from training.evaluation.discrimination import delong
from training.evaluation.interval import Floats
from training.fitting.cap_combined import fit_combination
from training.fitting.cap_mortality_cxr import TIERS, Tier, fit, head, score
from training.fitting.frontal_gate import read_frontal, refused_pictures, train_gate
from training.phantoms.chest.phantom import SIMULATOR_VERSION
from training.recipes.cap_mortality_texts import CARD, INFERENCE, METADATA
from training.request import TrainingRequest, TrainingResult
from training.shipped import UNSEEN, Figures, Judges, Shipped, named

__all__ = ["SIMULATOR_VERSION", "TIERS", "parts", "run"]

OOD_PICTURES = 1200  # training pictures whose features the distance is measured from
GATE_STEPS = {"tiny": 150, "small": 700, "reference": 2000}
GATE_REFUSED = {"tiny": 80, "small": 800, "reference": 2000}
GATE_THRESHOLD = 0.0  # even odds when a chest and anything else are equally likely; measured in docs/models


class Learned(NamedTuple):
    """What judges a picture."""

    net: MortalityNet
    constants: Mapping[str, Tensor]  #: of the distance
    platt: tuple[float, float]  #: intercept, slope


def run(request: TrainingRequest) -> TrainingResult:
    """Train, judge and write the bundle. See `training.train.train`."""
    tier = TIERS[request.tier]
    device = str(pick_device(request.device))
    counts = {"train": tier.train, "validation": tier.validation, "test": tier.test, "external": tier.external}
    made = splits(
        request, counts, simulate=partial(draw, request, tier), read=partial(to_learn, size=tier.stored),
        layout=LAYOUT,
    )  # fmt: skip
    net, history = fit(
        made.parts["train"], made.parts["validation"], tier, seed=request.seed, device=device,
        folder=request.out / "run", identity=f"{request.patients} {request.cohort} {request.fold} of {request.folds}",
        progress=request.progress,
    )  # fmt: skip
    gate = _gate(request, made.parts["train"])
    return finish(request, made, net, gate, history.losses)


def finish(
    request: TrainingRequest,
    made: Splits[ChestCohort],
    net: MortalityNet,
    gate: FrontalNet,
    history: tuple[float, ...],
) -> TrainingResult:
    """Calibrate, judge and write the bundle of trained networks."""
    tier, cohorts = TIERS[request.tier], made.parts
    halve(net)
    validation_logits, validation_features = score(net, cohorts["validation"], size=tier.size)
    intercept, slope = logistic(validation_logits.numpy(), cohorts["validation"].risk)
    _, seen = score(net, head(cohorts["train"], OOD_PICTURES), size=tier.size)
    constants = ood.fit_ood(seen, validation_features)
    results = {
        "training_patients": float(len(set(cohorts["train"].patients))),
        "training_pictures_seen": float(sum(n for _, n in tier.stages)),
    } | (made.counts if made.rows else {})
    learned = Learned(net, constants, (intercept, slope))
    for split in (name for name in ("test", "external") if name in cohorts):
        told = judged(learned, cohorts[split], tier.size)
        results |= {f"{split}_{name}": value for name, value in told.items()}
    tensors = {f"net.{k}": v for k, v in net.state_dict().items()}
    tensors |= {f"gate.{k}": v for k, v in gate.state_dict().items()} | {f"ood.{k}": v for k, v in constants.items()}
    bundle = request.out / "bundle"
    content = _content(request, made, tensors, (intercept, slope), results)
    if request.cohort is None:
        both = _combined(cohorts["validation"], validation_logits.numpy().astype(np.float64), (intercept, slope))
        content = replace(content, configuration=dict(content.configuration) | both)
    write_bundle(bundle, content)
    return TrainingResult(
        model_name="cap_mortality_cxr", tier=request.tier, seed=request.seed, bundle=bundle, history=history,
        metrics=results, bad=made.bad,
    )  # fmt: skip


def _combined(cohort: ChestCohort, logits: Floats, platt: tuple[float, float]) -> dict[str, object]:
    """The section of the model with CURB-65; nothing if too few died to fit it."""
    probability = 1 / (1 + np.exp(-(platt[0] + platt[1] * logits)))
    try:
        found = fit_combination(probability, simulated_curb65(cohort), cohort.died.astype(np.float64))
    except ConfigurationError:
        return {}
    method = f"logistic regression on {len(cohort)} simulated validation patients with a simulated CURB-65"
    return {"combined": {"method": method} | dict(found)}


def learned_of(bundle: Path, *, device: str = "cpu") -> Learned:
    """What a bundle holds of it.

    Raises
    ------
    WeightsMismatch
        If card, configuration and weights do not belong together.
    """
    reader = load_reader(bundle, device=device)
    tensors = read_weights(reader.card, bundle)
    constants = {name: tensors[f"ood.{name}"] for name in ood.NAMES}
    return Learned(reader.network, constants, (reader.intercept, reader.slope))


def judged(learned: Learned, cohort: ChestCohort, size: int, *, device: str = "cpu") -> dict[str, float]:
    """The figures of patients that training never saw. size: of the network's square, pixels."""
    intercept, slope = learned.platt
    logits, features = score(learned.net, cohort, size=size, device=device)
    probability = 1 / (1 + np.exp(-(intercept + slope * logits.numpy().astype(np.float64))))
    far = torch.stack([ood.distance(learned.constants, row) for row in features])
    return judge(cohort, probability) | {"share_beyond_ood_limit": float((far > 1).float().mean())}


def judge(cohort: ChestCohort, probability: Floats) -> dict[str, float]:
    """Discrimination, beside the oracle's where there is one, and calibration, on patients that training never saw."""
    learned = delong(probability, cohort.died)
    odds = np.log(probability / (1 - probability))
    intercept, slope = logistic(odds, cohort.died)
    told = {
        "patients": float(len(set(cohort.patients))),
        "deaths": float(cohort.died.sum()),
        "auc": learned.value,
        "auc_low": learned.low,
        "auc_high": learned.high,
        "calibration_intercept": intercept,
        "calibration_slope": slope,
        "mean_predicted": float(probability.mean()),
        "observed": float(cohort.died.mean()),
        "brier": brier(probability, cohort.died),
    }
    if np.isnan(cohort.lp).any():
        return told
    oracle = delong(cohort.lp, cohort.died)
    return told | {
        "oracle_auc": oracle.value,
        "oracle_auc_low": oracle.low,
        "oracle_auc_high": oracle.high,
        "efficiency": (learned.value - 0.5) / (oracle.value - 0.5),
        "correlation_with_oracle": float(np.corrcoef(odds, cohort.lp)[0, 1]),
    }


def draw(request: TrainingRequest, tier: Tier, split: str, count: int) -> ChestCohort:
    """Simulated patients of a split."""
    return make_cohort(
        split, count, size=tier.stored, seed=request.seed, workers=request.workers, cache=request.out / "cohorts",
        progress=lambda done, total: request.progress(f"phantoms:{split}", done, total),
    )  # fmt: skip


def _gate(request: TrainingRequest, cohort: ChestCohort) -> FrontalNet:
    real = read_frontal(request.frontal) if request.frontal is not None else None
    gate = train_gate(
        cohort.images, refused_pictures(GATE_REFUSED[request.tier], request.seed), steps=GATE_STEPS[request.tier],
        seed=request.seed, progress=request.progress, real=real,
    )  # fmt: skip
    halve(gate)
    return gate


def _content(
    request: TrainingRequest,
    made: Splits[ChestCohort],
    tensors: Mapping[str, Tensor],
    platt: tuple[float, float],
    results: Mapping[str, float],
) -> BundleContent:
    tier, whom = TIERS[request.tier], len(set(made.parts["train"].patients))
    trained_on, kind = f"{whom} simulated patients (simulator {SIMULATOR_VERSION}", "simulated "
    if request.cohort is not None:
        trained_on, kind = f"{whom} patients of a site (table {request.cohort.name}", ""
    gate_on = "phantoms" if request.cohort is None else "the site's radiographs"
    gate_on += " and real frontal radiographs" if request.frontal is not None else ""
    return BundleContent(
        card=dict(CARD)
        | {
            "input_size": [tier.size, tier.size],
            "trained_on": f"{trained_on}, tier {request.tier}, seed {request.seed})",
            "evidence": "simulation" if request.cohort is None else "research",
        },
        configuration={
            "preprocessing": {
                "version": preprocess.VERSION,
                "percentiles": list(preprocess.PERCENTILES),
                "mean": preprocess.MEAN,
                "sd": preprocess.SD,
            },
            "calibration": {
                "method": f"Platt on {len(made.parts['validation'])} {kind}validation patients",
                "platt": {"intercept": platt[0], "slope": platt[1]},
            },
            "gate": {"threshold": GATE_THRESHOLD, "trained_on": gate_on},
            "ood": {"method": "probabilistic PCA Mahalanobis distance of pooled features", "scale": "99 % validation"},
        },
        metadata=METADATA | {"network_data_format": network_data_format(tier.size)},
        inference=INFERENCE | {"input_size": tier.size},
        tensors=tensors,
        keep_precision=("ood.",),
        results=results,
    )


def network_data_format(size: int) -> dict[str, object]:
    """MONAI's description of input and output."""
    image = {
        "type": "image", "format": "magnitude", "modality": "CR", "num_channels": 1, "spatial_shape": [size, size],
        "dtype": "float32", "value_range": [], "is_patch_data": False, "channel_def": {"0": "image"},
    }  # fmt: skip
    pred = {
        "type": "probability", "format": "classification", "num_channels": 1, "spatial_shape": [1], "dtype": "float32",
        "value_range": [], "is_patch_data": False, "channel_def": {"0": "log odds of death within 30 days"},
    }  # fmt: skip
    return {"inputs": {"image": image}, "outputs": {"pred": pred}}


def parts(shipped: Shipped) -> Judges:
    """What the table holds: patients of the home and of the held-out hospital."""
    request = shipped.request
    tier, learned = TIERS[request.tier], learned_of(shipped.bundle, device=request.device)

    def judge(split: str) -> Figures:
        cohort = draw(request, tier, split, shipped.count(f"{split}_patients"))
        return named(split, judged(learned, cohort, tier.size, device=request.device))

    return {split: partial(judge, split) for split in UNSEEN}
