"""`opportune train ssc_ild_mortality_ct`: cohorts, networks, radiomics, calibration, evaluation, bundle."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from models import ood
from models.calibration_by_year import YearlyCalibration
from models.ssc_ild_mortality_ct import preprocess
from models.ssc_ild_mortality_ct.network import MortalityNet
from models.ssc_ild_mortality_ct.radiomics import BIN, RadiomicsModel
from models.ssc_ild_mortality_ct.reader import FUSION, RADIOMICS, Reader, fuse, load_reader, risk_of
from models.weights import pick_device
from training.bundle import BundleContent, halve, write_bundle
from training.cohorts.source import Splits, splits
from training.cohorts.ssc_ild_mortality_ct import FEATURES, LAYOUT, IldCohort, read, simulate
from training.evaluation.interval import Floats
from training.fitting.by_year import calibrate
from training.fitting.ssc_ild_mortality_ct import TIERS, Backbone, Tier, fit_network, score, targets
from training.fitting.ssc_ild_radiomics import fit_radiomics
from training.phantoms.lung.phantom import SIMULATOR_VERSION
from training.recipes.ssc_ild_mortality_judging import judge
from training.recipes.ssc_ild_mortality_texts import CARD, INFERENCE, METADATA, network_data_format
from training.request import TrainingRequest, TrainingResult
from training.scoring.ssc_ild_mortality_ct import MODEL, scored
from training.shipped import UNSEEN, Figures, Judges, Shipped, named, rows

__all__ = ["SIMULATOR_VERSION", "TIERS", "parts", "run"]

OOD_SCANS = 1200  # training scans whose features the distance is measured from


def run(request: TrainingRequest) -> TrainingResult:
    """Train, judge and write the bundle. See `training.train.train`."""
    tier = TIERS[request.tier]
    made = splits(
        request, tier.counts, simulate=partial(draw, request, tier),
        read=partial(read, size=tier.size, slices=tier.slices), layout=LAYOUT,
    )  # fmt: skip
    parts = made.parts
    networks: dict[str, MortalityNet] = {}
    history: tuple[float, ...] = ()
    for backbone in tier.backbones:
        net, told = fit_network(
            parts["train"], parts["validation"], tier, backbone, seed=request.seed,
            device=str(pick_device(request.device)), folder=request.out / "run",
            identity=_identity(request, tier, backbone, len(parts["train"])), progress=request.progress,
        )  # fmt: skip
        halve(net)
        networks[backbone.name], history = net, history + told.losses
    reader = assemble(networks, parts["train"], parts["validation"], tier)
    results = _results(request, tier, made, reader)
    bundle = request.out / "bundle"
    write_bundle(bundle, content(request, tier, reader, results))
    return TrainingResult(
        model_name=MODEL, tier=request.tier, seed=request.seed, bundle=bundle, history=history, metrics=results,
        bad=made.bad,
    )  # fmt: skip


def assemble(networks: Mapping[str, MortalityNet], train: IldCohort, validation: IldCohort, tier: Tier) -> Reader:
    """Radiomics, calibration and distances for networks that are trained.

    Each part is calibrated on the validation scans, against the simulator's risks or a site's weighted outcomes.
    """
    names = FEATURES
    model = fit_radiomics(
        names, (train.features.astype(np.float64), *targets(train)),
        (validation.features.astype(np.float64), *targets(validation)),
    )  # fmt: skip
    model = RadiomicsModel.from_table(model.to_table())  # as the bundle keeps it
    scores = {name: score(net, validation, size=tier.size) for name, net in networks.items()}
    logits: dict[str, Floats] = {name: one.logits for name, one in scores.items()}
    logits[RADIOMICS] = model.logits(validation.features.astype(np.float64))
    logits[FUSION] = fuse(logits)
    target, weight = targets(validation)
    first = next(iter(networks))
    seen = train.take(np.arange(min(OOD_SCANS, len(train))))
    constants = ood.fit_ood(score(networks[first], seen, size=tier.size).features, scores[first].features)
    calibration: dict[str, YearlyCalibration] = {
        name: calibrate(risk_of(one), target, weight) for name, one in logits.items()
    }
    return Reader(
        networks=networks, radiomics=model, calibration=calibration, ood=constants, size=tier.size,
        slices=tier.slices,
    )  # fmt: skip


def _results(request: TrainingRequest, tier: Tier, made: Splits[IldCohort], reader: Reader) -> dict[str, float]:
    seen = len(made.parts["train"]) // tier.batch * tier.batch * len(tier.epochs)
    results = made.counts | {"training_scans_seen": float(seen)}
    for name, cohort in made.parts.items():
        if name in {"train", "validation"}:
            continue
        told = judged(reader, cohort, name, request)
        results |= {f"{name}_{key}": value for key, value in told.items()}
    return results


def judged(reader: Reader, cohort: IldCohort, name: str, request: TrainingRequest) -> dict[str, float]:
    """The figures of scans that training never saw."""
    told = scored(reader, cohort, name=name, progress=request.progress)
    far = {"share_beyond_ood_limit": float((told.values["distance"] > 1).mean())}
    return judge(told, seed=request.seed) | far


def content(request: TrainingRequest, tier: Tier, reader: Reader, results: Mapping[str, float]) -> BundleContent:
    """What the bundle holds."""
    source = f"simulated scans (simulator {SIMULATOR_VERSION}"
    if request.cohort is not None:
        source = f"scans of a site (table {request.cohort.name}"
    tensors = {f"ood.{k}": v for k, v in reader.ood.items()}
    for name, net in reader.networks.items():
        tensors |= {f"{name}.{k}": v for k, v in net.state_dict().items()}
    first = tier.backbones[0]
    return BundleContent(
        card=dict(CARD) | {
            "input_size": [tier.slices, tier.size, tier.size],
            "trained_on": f"{int(results['train_rows'])} {source}, tier {request.tier}, seed {request.seed})",
            "evidence": "simulation" if request.cohort is None else "research",
        },
        configuration={
            "preprocessing": {
                "version": preprocess.VERSION, "window_hu": list(preprocess.WINDOW), "margin_mm": preprocess.MARGIN,
                "grey_level_hu": BIN,
            },
            "networks": [{"backbone": one.name, "width": one.width} for one in tier.backbones],
            "radiomics": reader.radiomics.to_table(),
            "calibration": {
                "method": f"centred isotonic by year, running maximum, on {int(results['validation_rows'])} scans",
                "maps": {name: one.to_table() for name, one in reader.calibration.items()},
            },
            "ood": {"method": "probabilistic PCA Mahalanobis distance of pooled features", "scale": "99 % validation"},
        },
        metadata=METADATA | {"network_data_format": network_data_format(tier.slices, tier.size)},
        inference=INFERENCE | {
            "input_size": tier.size, "slices": tier.slices,
            "network_def": INFERENCE["network_def"] | {"backbone": first.name, "width": first.width},
        },
        tensors=tensors,
        keep_precision=("ood.",),
        results=results,
    )  # fmt: skip


def _identity(request: TrainingRequest, tier: Tier, backbone: Backbone, count: int) -> str:
    """What weights follow from; how many patients judge them is not part of it."""
    fixed = replace(tier, test=0, external=0, backbones=(backbone,))
    return repr((fixed, count, request.cohort, request.fold, SIMULATOR_VERSION))


def draw(request: TrainingRequest, tier: Tier, split: str, count: int) -> IldCohort:
    """Scans of `count` simulated patients of a split."""
    return simulate(
        split, count, size=tier.size, slices=tier.slices, seed=request.seed, workers=request.workers,
        cache=request.out / "cohorts",
        progress=lambda done, total: request.progress(f"phantoms:{split}", done, total),
    )  # fmt: skip


def parts(shipped: Shipped) -> Judges:
    """What the table holds: all scans of patients of the home and of the held-out hospital."""
    request = shipped.request
    tier, reader = TIERS[request.tier], load_reader(shipped.bundle, device=request.device)

    def judge(split: str) -> Figures:
        cohort = draw(request, tier, split, shipped.count(f"{split}_patients"))
        return rows(split, cohort) | named(split, judged(reader, cohort, split, request))

    return {split: partial(judge, split) for split in UNSEEN}
