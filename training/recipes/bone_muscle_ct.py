"""`opportune train bone_muscle_ct`: segmentation, cohorts, two networks, calibration, judgement, bundle."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch

from models import ood
from models.bone_muscle_ct import preprocess
from models.bone_muscle_ct.calibration import Calibration
from models.bone_muscle_ct.layout import SLICES
from models.bone_muscle_ct.network import BINS, BoneMuscleNet
from models.bone_muscle_ct.reader import load_reader
from models.bone_muscle_ct.segmentation import SegmentationNet
from models.weights import pick_device
from training.bundle import BundleContent, halve, write_bundle
from training.cohorts import bone_muscle_ct as simulated
from training.cohorts import bone_muscle_site as site
from training.cohorts import spine_ct
from training.cohorts.bone_muscle_data import BoneMuscleCohort
from training.cohorts.bone_muscle_whole import through_segmentation
from training.cohorts.source import Splits, splits
from training.fitting import bone_segmentation, judge_segmentation
from training.fitting.bone_muscle_ct import TIERS, Predicted, Tier, predict, train
from training.phantoms.spine.phantom import SIMULATOR_VERSION
from training.recipes.bone_muscle_judge import calibrate, compare_slices, judge
from training.recipes.bone_muscle_texts import CARD, METADATA, inference, network_data_format
from training.request import TrainingRequest, TrainingResult
from training.shipped import UNSEEN, Figures, Judges, Shipped, named, rows

__all__ = ["SIMULATOR_VERSION", "TIERS", "parts", "run"]

OOD_PEOPLE = 1200  # training people whose features the distance is measured from
FEWEST = 3  # people of whom a correlation is computed


@dataclass(frozen=True, kw_only=True)
class Networks:
    """What is trained."""

    both: BoneMuscleNet = field(repr=False)
    bone: BoneMuscleNet = field(repr=False)
    segmentation: SegmentationNet = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What judges a CT."""

    networks: Networks
    calibration: Calibration
    constants: Mapping[str, torch.Tensor] = field(repr=False)  #: of the distance


def run(request: TrainingRequest) -> TrainingResult:
    """Train, judge and write the bundle. See `training.train.train`."""
    tier = TIERS[request.tier]
    segmentation = segment(request)
    found = people(request, tier, segmentation)
    both, losses = learn(request, tier, found, bone_only=False)
    bone, more = learn(request, tier, found, bone_only=True)
    networks = Networks(both=both, bone=bone, segmentation=segmentation)
    return finish(request, tier, found, networks, losses + more)


def segment(request: TrainingRequest) -> SegmentationNet:
    """The network that finds vertebrae and muscles; trained on simulated CTs in any case."""
    tier = bone_segmentation.TIERS[request.tier]
    cohorts = [
        spine_ct.simulate(
            split, count, seed=request.seed, workers=request.workers, cache=request.out / "cohorts",
            progress=lambda done, total: request.progress("phantoms:segmentation", done, total),
        )
        for split, count in (("train", tier.train), ("validation", tier.validation))
    ]  # fmt: skip
    net, _ = bone_segmentation.train_segmentation(
        cohorts[0], cohorts[1], tier, seed=request.seed, device=str(pick_device(request.device)),
        folder=request.out / "run", progress=request.progress,
    )  # fmt: skip
    halve(net)
    return net


def people(request: TrainingRequest, tier: Tier, segmentation: SegmentationNet) -> Splits[BoneMuscleCohort]:
    """Simulated people, or those of the site's table."""
    counts = {"train": tier.train, "validation": tier.validation, "test": tier.test, "external": tier.external}
    device = str(pick_device(request.device))
    return splits(
        request, counts, simulate=partial(draw, request, tier), layout=site.LAYOUT,
        read=lambda table: site.read(table, segmentation, size=tier.size, pixel=tier.pixel, device=device),
    )  # fmt: skip


def draw(request: TrainingRequest, tier: Tier, split: str, count: int) -> BoneMuscleCohort:
    """Simulated people of a split."""
    return simulated.simulate(
        split, count, size=tier.size, pixel=tier.pixel, seed=request.seed, workers=request.workers,
        fates=simulated.Fates(each=tier.fates), cache=request.out / "cohorts",
        progress=lambda done, total: request.progress(f"phantoms:{split}", done, total),
    )  # fmt: skip


def learn(
    request: TrainingRequest, tier: Tier, found: Splits[BoneMuscleCohort], *, bone_only: bool
) -> tuple[BoneMuscleNet, tuple[float, ...]]:
    """One of the two networks, rounded as the file keeps it, and its losses."""
    net, losses = train(
        found.parts["train"], found.parts["validation"], tier, seed=request.seed, bone_only=bone_only,
        device=str(pick_device(request.device)), folder=request.out / "run", progress=request.progress,
    )  # fmt: skip
    halve(net)
    return net, losses


def finish(
    request: TrainingRequest,
    tier: Tier,
    found: Splits[BoneMuscleCohort],
    networks: Networks,
    losses: tuple[float, ...],
) -> TrainingResult:
    """Calibrate, judge and write the bundle of trained networks."""
    seen = partial(see, request, tier, networks)
    validation = found.parts["validation"]
    calibrated_on = seen(validation)
    calibration = calibrate(*calibrated_on, validation)
    train_part = found.parts["train"]
    features = seen(train_part.take(np.arange(min(len(train_part), OOD_PEOPLE))))[0].features
    constants = ood.fit_ood(*(torch.from_numpy(f).float() for f in (features, calibrated_on[0].features)))
    learned = Learned(networks=networks, calibration=calibration, constants=constants)
    results = dict(found.counts)
    for split in ("test", "external"):
        if split in found.parts:
            told = judged(request, tier, learned, found.parts[split])
            results |= {f"{split}_{name}": value for name, value in told.items()}
    if "external" in found.parts:
        results |= judged_whole(request, tier, learned, found.parts["external"], tier.whole)
    if request.cohort is None:
        judged_on = bone_segmentation.TIERS[request.tier].judged
        results |= judged_segmentation(request, networks.segmentation, judged_on)
    bundle = request.out / "bundle"
    write_bundle(bundle, _content(request, networks, constants, calibration, results))
    return TrainingResult(
        model_name="bone_muscle_ct", tier=request.tier, seed=request.seed, bundle=bundle, history=losses,
        metrics=results,
    )  # fmt: skip


def learned_of(bundle: Path, *, device: str = "cpu") -> Learned:
    """What a bundle holds of it.

    Raises
    ------
    WeightsMismatch
        If card, configuration and weights do not belong together.
    """
    reader = load_reader(bundle, device=device)
    networks = Networks(both=reader.both, bone=reader.bone, segmentation=reader.segmentation)
    return Learned(networks=networks, calibration=reader.calibration, constants=reader.constants)


def see(
    request: TrainingRequest, tier: Tier, networks: Networks, cohort: BoneMuscleCohort
) -> tuple[Predicted, Predicted]:
    """What the two networks say of a cohort: bone and muscle, bone alone."""
    both, bone = (
        predict(net, cohort, pixel=tier.pixel, bone_only=bone_only, device=str(pick_device(request.device)))
        for net, bone_only in ((networks.both, False), (networks.bone, True))
    )
    return both, bone


def judged(request: TrainingRequest, tier: Tier, learned: Learned, cohort: BoneMuscleCohort) -> dict[str, float]:
    """The figures of people that training never saw."""
    both, bone = see(request, tier, learned.networks, cohort)
    far = torch.stack([ood.distance(learned.constants, torch.from_numpy(f).float()) for f in both.features])
    share = {"share_beyond_ood_limit": float((far > 1).float().mean())}
    return judge(cohort, both, bone, learned.calibration) | share


def judged_whole(
    request: TrainingRequest, tier: Tier, learned: Learned, external: BoneMuscleCohort, count: int
) -> dict[str, float]:
    """What finding the slices costs: the first external people, cut where the segmentation found them."""
    networks, some = learned.networks, external.take(np.arange(min(count, len(external))))
    device = str(pick_device(request.device))
    cut = through_segmentation(
        some, networks.segmentation, size=tier.size, pixel=tier.pixel, external=True, device=device,
        progress=lambda done, total: request.progress("whole", done, total),
    )  # fmt: skip
    out = {"whole_people": float(len(some)), "whole_refused": float(cut.refused)}
    if len(cut.rows) < FEWEST:
        return out
    true, found = (
        predict(networks.both, cohort, pixel=tier.pixel, bone_only=False, device=device)
        for cohort in (some.take(cut.rows), cut.cohort)
    )
    return out | compare_slices(cut.cohort, true, found, learned.calibration)


def judged_segmentation(request: TrainingRequest, net: SegmentationNet, count: int) -> dict[str, float]:
    """Masks, levels and measurements on `count` external CTs as scanners make them, with 95 % intervals."""
    rows = judge_segmentation.judge(
        net, count, device=str(pick_device(request.device)),
        progress=lambda done, total: request.progress("judge:segmentation", done, total),
    )  # fmt: skip
    net.cpu()
    results = {"segmentation_people": float(count)}
    for name, interval in judge_segmentation.summary(rows).items():
        key = f"segmentation_{name}"
        results |= {key: interval.value, f"{key}_low": interval.low, f"{key}_high": interval.high}
    return results


def _content(
    request: TrainingRequest, networks: Networks, constants: Mapping[str, torch.Tensor], calibration: Calibration,
    results: Mapping[str, float],
) -> BundleContent:  # fmt: skip
    tier = TIERS[request.tier]
    trained_on = (
        f"{tier.train} simulated people (simulator {SIMULATOR_VERSION}, tier {request.tier}, seed {request.seed})"
        if request.cohort is None
        else f"patients of {request.cohort.name} (tier {request.tier}, seed {request.seed}); segmentation simulated"
    )
    nets = {"both": networks.both, "bone": networks.bone, "segmentation": networks.segmentation}
    tensors = {f"{name}.{key}": value for name, net in nets.items() for key, value in net.state_dict().items()}
    evidence = {} if request.cohort is None else {"evidence": "research"}
    return BundleContent(
        card=dict(CARD) | evidence | {"input_size": [SLICES, tier.size, tier.size], "trained_on": trained_on},
        configuration={
            "preprocessing": {"version": preprocess.VERSION, "size": tier.size, "pixel": tier.pixel},
            "network": {
                "width": tier.width,
                "hidden": tier.hidden,
                "segmentation": list(bone_segmentation.TIERS[request.tier].widths),
            },
            "calibration": calibration.values() | {"method": "Platt, one slope and an intercept a year, IPCW"},
            "ood": {"method": "probabilistic PCA Mahalanobis distance of pooled features", "scale": "99 % validation"},
        },
        metadata=METADATA | {"network_data_format": network_data_format(tier.size, SLICES, BINS)},
        inference=inference(size=tier.size, width=tier.width, hidden=tier.hidden),
        tensors=tensors | {f"ood.{key}": value for key, value in constants.items()},
        keep_precision=("ood.",),
        results=results,
    )


def parts(shipped: Shipped) -> Judges:
    """What the table holds: people of both hospitals, some by their whole CT, and CTs as scanners make them."""
    request = shipped.request
    tier, learned = TIERS[request.tier], learned_of(shipped.bundle, device=request.device)

    @cache
    def people(split: str) -> BoneMuscleCohort:
        return draw(request, tier, split, shipped.count(f"{split}_rows"))

    def judge(split: str) -> Figures:
        told = judged(request, tier, learned, people(split))
        return rows(split, people(split)) | named(split, told)

    def whole() -> Figures:
        return judged_whole(request, tier, learned, people("external"), shipped.count("whole_people"))

    def segmentation() -> Figures:
        count = shipped.count("segmentation_people")
        return judged_segmentation(request, learned.networks.segmentation, count)

    return {split: partial(judge, split) for split in UNSEEN} | {"whole": whole, "segmentation": segmentation}
