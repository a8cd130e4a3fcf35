"""`opportune train spine_fracture_xr`: keypoints, aligned pictures, arms, Cox models, baseline, evaluation, bundle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from safetensors.torch import load_file

from models import ood
from models.breslow import Baseline
from models.hrnet import KeypointHRNet
from models.spine_fracture_xr.calibration import HORIZONS, Calibration
from models.spine_fracture_xr.clinical import ARMS, CoxModel
from models.spine_fracture_xr.keypoints import LEVELS
from models.spine_fracture_xr.network import FULL, IMAGE, Blends, FractureNet, blended
from models.spine_fracture_xr.reader import FractureReader, find, load_reader
from models.weights import fill, pick_device
from screening.errors import ConfigurationError
from training.bundle import halve, write_bundle
from training.cohorts import lumbar
from training.cohorts.source import Splits, splits
from training.cohorts.spine_fracture_xr import LAYOUT, SpineCohort, lives, read, simulate
from training.cohorts.table import BadRow
from training.evaluation.bootstrap import bootstrap
from training.evaluation.calibration_at import calibration_at
from training.evaluation.concordance import harrell_c
from training.evaluation.interval import Bools, Floats, Ints
from training.evaluation.scored import ScoredCohort
from training.fitting import spine_keypoints
from training.fitting.cox import fit_blends, fit_cox, newton
from training.fitting.judge_keypoints import judge_keypoints
from training.fitting.spine_hazard import TIERS, Shown, Tier, Trained, features_of, show, train_hazard
from training.phantoms.spine.phantom import SIMULATOR_VERSION
from training.recipes.spine_fracture_texts import content
from training.request import TrainingRequest, TrainingResult
from training.scoring.spine_fracture_xr import scored
from training.shipped import UNSEEN, Figures, Judges, Shipped, named, rows

__all__ = ["SIMULATOR_VERSION", "TIERS", "parts", "run"]

OOD_PICTURES = 1200  # training pictures whose features the distance is measured from
VALIDATED_LIVES = 6  # of each simulated person of validation while the network learns
CALIBRATION_LIVES, JUDGED_LIVES = 20, 30  # of each simulated person of validation, and of test and external
QUANTILES = 101
DRAWS = 200  # bootstrap cohorts of the figures in results.json
KEYPOINTS = "keypoints.safetensors"
JUDGED = (FULL, IMAGE, "oracle", *(f"{kind}_{arm}" for arm in ARMS for kind in ("cox", "deepsurv", "deepsurv_image")))


@dataclass(frozen=True, kw_only=True)
class Keypoints:
    """The keypoint network and the size it wants."""

    network: KeypointHRNet = field(repr=False)
    width: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything that the bundle is made of."""

    tier: Tier
    keypoints: Keypoints
    net: FractureNet = field(repr=False)
    blends: Blends
    calibration: Calibration = field(repr=False)
    cox: Mapping[str, CoxModel]
    constants: Mapping[str, torch.Tensor] = field(repr=False)


def run(request: TrainingRequest) -> TrainingResult:
    """Train, judge and write the bundle. See `training.train.train`.

    Keypoints that were trained before are taken from out/keypoints/keypoints.safetensors if that file is there: they
    need no outcomes, so that a site may take those of the simulator.
    """
    tier = TIERS[request.tier]
    keypoints = trained_keypoints(request)
    source = splits(
        request, {"train": tier.train, "validation": tier.validation, "test": tier.test, "external": tier.external},
        simulate=partial(draw, request, tier), read=partial(read, size=tier.stored), layout=LAYOUT,
    )  # fmt: skip
    located = {name: located_by(keypoints, source.parts[name], request) for name in ("train", "validation")}
    trained = train_hazard(
        shown_of(located["train"], tier, split="train", seed=request.seed),
        shown_of(located["validation"], tier, split="validation", seed=request.seed, learning=False), tier,
        seed=request.seed, device=str(pick_device(request.device)), folder=request.out / "run",
        progress=request.progress,
    )  # fmt: skip
    return finish(request, source, located, keypoints, trained)


def trained_keypoints(request: TrainingRequest) -> Keypoints:
    """The keypoint network of the tier: from the folder, or trained now."""
    tier = spine_keypoints.TIERS[request.tier]
    folder = request.out / "keypoints"
    network = KeypointHRNet(len(LEVELS), tier.width)
    if not (folder / KEYPOINTS).is_file():
        network = spine_keypoints.train_keypoints(
            tier, out=folder, seed=request.seed, device=str(pick_device(request.device)), workers=request.workers,
            progress=request.progress,
        ).network  # fmt: skip
    else:
        fill(network, load_file(folder / KEYPOINTS), "spine_fracture_xr keypoints")
    halve(network)
    return Keypoints(network=network.eval(), width=tier.width, size=tier.size)


def judged_keypoints(
    network: KeypointHRNet, count: int, request: TrainingRequest, *, size: int, device: str = "cpu"
) -> dict[str, float]:
    """How well the points are found on `count` simulated pictures of a unit that training never saw.

    size: what the network was trained for, pixels.
    """
    tier = spine_keypoints.TIERS[request.tier]
    cohort = lumbar.simulate(
        "external", count, size=tier.stored, seed=request.seed, workers=request.workers,
        cache=request.out / "keypoints" / "cohorts",
        progress=lambda done, total: request.progress("phantoms:keypoints", done, total),
    )  # fmt: skip
    return judge_keypoints(network, cohort, size=size, device=device)


def draw(request: TrainingRequest, tier: Tier, split: str, count: int) -> SpineCohort:
    """Simulated people of a split."""
    return simulate(
        split, count, size=tier.stored, films=tier.films if split == "train" else 1, seed=request.seed,
        workers=request.workers, cache=request.out / "cohorts",
        progress=lambda done, total: request.progress(f"phantoms:{split}", done, total),
    )  # fmt: skip


def located_by(keypoints: Keypoints, cohort: SpineCohort, request: TrainingRequest) -> SpineCohort:
    """The cohort with the true points if they are known, else with the network's."""
    return cohort if np.isfinite(cohort.points).all() else locate(keypoints, cohort, request)


def locate(keypoints: Keypoints, cohort: SpineCohort, request: TrainingRequest) -> SpineCohort:
    """The cohort with the network's points; people without a visible spine are left out.

    Raises
    ------
    ConfigurationError
        If it finds no spine on any picture.
    """
    squares = np.asarray(cohort.images[:, 0] / np.float32(255), np.float32)
    found = find(keypoints.network, keypoints.size, squares, device=torch.device("cpu"))
    seen = np.array([refusal is None for refusal in found.refusals])
    request.progress("keypoints", len(cohort), len(cohort))
    if not seen.any():
        raise ConfigurationError(
            f"the keypoint network of tier {request.tier} finds no spine on any of {len(cohort)} pictures; take a"
            " larger tier, or put keypoints.safetensors that were trained with one into the folder keypoints of --out"
        )
    return cohort.with_points(found.points).take(np.flatnonzero(seen))


def shown_of(cohort: SpineCohort, tier: Tier, *, split: str, seed: int, learning: bool = True) -> Shown:
    """What the network learns from, or is validated on; simulated people live several times, to the end."""
    count = tier.lives if learning else min(tier.lives, VALIDATED_LIVES)
    people = lives(cohort, split, count, seed=seed, follow_up="long")
    return show(people, tier.view, jitter=tier.jitter if cohort.simulated else 0.0, seed=seed)


def finish(
    request: TrainingRequest, source: Splits[SpineCohort], located: Mapping[str, SpineCohort], keypoints: Keypoints,
    trained: Trained,
) -> TrainingResult:  # fmt: skip
    """Calibrate, write the bundle, judge it as it was written, and put the figures into it."""
    tier = TIERS[request.tier]
    halve(trained.net)
    train, validation = located["train"], located["validation"]
    lived = lives(train, "train", tier.lives, seed=request.seed, follow_up="long")
    times = _fates(lived)
    blends, calibration = calibrate(trained.net, locate(keypoints, validation, request), tier, request)
    parts = Parts(
        tier=tier, keypoints=keypoints, net=trained.net, blends=blends, calibration=calibration,
        cox={arm: fit_cox(np.tile(train.clinical, (len(lived), 1)), *times, items) for arm, items in ARMS.items()},
        constants=ood.fit_ood(*_features(trained.net, tier, train, validation)),
    )  # fmt: skip
    bundle = request.out / "bundle"
    results = source.counts | {"training_lives": float(len(lived)), "training_events": float(times[1].sum())}
    pictures = spine_keypoints.TIERS[request.tier].judged
    found = judged_keypoints(keypoints.network, pictures, request, size=keypoints.size)
    results |= {f"keypoints_{name}": value for name, value in found.items()}
    write_bundle(bundle, content(request, parts, results))
    reader = load_reader(bundle, device=str(pick_device(request.device)))
    bad = list(source.bad)
    for name in sorted(source.parts.keys() - {"train", "validation"}, reverse=True):
        figures, refused = judged(reader, source.parts[name], name, request)
        bad += refused if request.cohort is not None else ()
        results |= {f"{name}_{key}": value for key, value in figures.items()}
    write_bundle(bundle, content(request, parts, results))
    return TrainingResult(
        model_name="spine_fracture_xr", tier=request.tier, seed=request.seed, bundle=bundle,
        history=trained.picture.losses, metrics=results, bad=tuple(bad),
    )  # fmt: skip


def judged(
    reader: FractureReader, cohort: SpineCohort, name: str, request: TrainingRequest
) -> tuple[dict[str, float], tuple[BadRow, ...]]:
    """The figures of people that training never saw, and those on whose picture no spine was found.

    Fates are drawn for all of them, so that they do not hang on who is left out. Without any event there is nothing to
    judge by: the counts say so.
    """
    table = scored(reader, cohort, progress=request.progress)
    figures = {"share_without_spine": len(table.bad) / len(cohort)}
    seen = np.flatnonzero(~np.isin(cohort.line, [row.line for row in table.bad]))
    futures = [life.take(seen) for life in lives(cohort, name, JUDGED_LIVES, seed=request.seed)]
    if any(life.event.any() for life in futures):
        figures |= judge(table, futures, seed=request.seed)
    return figures, table.bad


def _features(
    net: FractureNet, tier: Tier, train: SpineCohort, validation: SpineCohort
) -> tuple[torch.Tensor, torch.Tensor]:
    head = train.take(np.arange(min(OOD_PICTURES, len(train))))
    return tuple(features_of(net, show([people], tier.view).pictures[0]) for people in (head, validation))  # type: ignore[return-value]


def calibrate(
    net: FractureNet, validation: SpineCohort, tier: Tier, request: TrainingRequest
) -> tuple[Blends, Calibration]:  # fmt: skip
    """Blends of the arms, then slope and baseline of the full arm, on people the network did not learn from.

    Blends come from lives followed to their end, slope and baseline from a follow-up like the paper's.
    """
    shown = show([validation], tier.view)
    with torch.no_grad():
        found = net.hazards(features_of(net, shown.pictures[0]), torch.from_numpy(shown.items))
    raw = {name: hazard.numpy().astype(np.float64) for name, hazard in found.items()}
    ended = lives(validation, "validation", CALIBRATION_LIVES, seed=request.seed, follow_up="long")
    blends = fit_blends({name: np.tile(hazard, len(ended)) for name, hazard in raw.items()}, *_fates(ended))
    people = lives(validation, "validation", CALIBRATION_LIVES, seed=request.seed)
    full = blended(raw, blends)[FULL]
    hazard = np.tile(full, len(people))
    time, event = _fates(people)
    slope = float(newton(hazard[:, None], time, event)[0])
    return blends, Calibration(
        slope=slope, baseline=Baseline.fit(time, event, slope * hazard),
        quantiles=tuple(np.quantile(full, np.linspace(0, 1, QUANTILES)).tolist()),
    )  # fmt: skip


def _fates(people: Sequence[SpineCohort]) -> tuple[Floats, Bools]:
    return np.concatenate([life.time for life in people]), np.concatenate([life.event for life in people])


def judge(table: ScoredCohort, people: Sequence[SpineCohort], *, seed: int = 0) -> dict[str, float]:
    """C of every arm beside the oracle's with 95 % intervals (drawn by patient), and calibration at three years.

    people: one life or several of the people in the table, in its order.
    """
    time, event = _fates(people)
    patients = np.tile(table.patient_id, len(people))
    names = [name for name in JUDGED if table.has(name)]
    scores = [np.tile(table.values[name], len(people)) for name in names]

    def statistics(rows: Ints) -> list[float]:
        return [harrell_c(time[rows], event[rows], score[rows]).c for score in scores]

    drawn = bootstrap(statistics, patients, draws=DRAWS, seed=seed)
    found = {"people": float(len(table)), "lives": float(len(people)), "events": float(event.sum())}
    for k, name in enumerate(names):
        interval = drawn.interval(k)
        found |= {f"c_{name}": interval.value, f"c_{name}_low": interval.low, f"c_{name}_high": interval.high}
    if "oracle" in names:
        oracle = found["c_oracle"] - 0.5
        found |= {
            "efficiency": (found[f"c_{FULL}"] - 0.5) / oracle,
            "efficiency_image": (found["c_image"] - 0.5) / oracle,
        }
    gain = drawn.difference(names.index(FULL), names.index("cox_m3"))
    found |= {"gain_over_cox_m3": gain.value, "gain_over_cox_m3_low": gain.low, "gain_over_cox_m3_high": gain.high}
    found["share_beyond_ood_limit"] = float((table.values["distance"] > 1).mean())
    return found | _calibration(time, event, {h: np.tile(table.values[f"risk_{h:g}"], len(people)) for h in HORIZONS})


def _calibration(time: Floats, event: Bools, risks: Mapping[float, Floats]) -> dict[str, float]:
    found: dict[str, float] = {}
    for horizon, risk in risks.items():
        if not (event & (time <= horizon)).any() or not (time > horizon).any():
            continue  # a site's follow-up may be shorter
        at = calibration_at(time, event, risk, horizon)
        found |= {
            f"predicted_{horizon:g}": at.expected, f"observed_{horizon:g}": at.observed.value,
            f"calibration_slope_{horizon:g}": at.line.slope,
        }  # fmt: skip
    return found


def parts(shipped: Shipped) -> Judges:
    """What the table holds: people of the home and of the held-out hospital, and pictures whose points are known."""
    request = shipped.request
    tier, reader = TIERS[request.tier], load_reader(shipped.bundle, device=request.device)

    def keypoints() -> Figures:
        found = judged_keypoints(
            reader.keypoints, shipped.count("keypoints_pictures"), request, size=reader.keypoint_size,
            device=request.device,
        )  # fmt: skip
        return named("keypoints", found)

    def judge(split: str) -> Figures:
        cohort = draw(request, tier, split, shipped.count(f"{split}_rows"))
        figures, _ = judged(reader, cohort, split, request)
        return rows(split, cohort) | named(split, figures)

    return {split: partial(judge, split) for split in UNSEEN} | {"keypoints": keypoints}
