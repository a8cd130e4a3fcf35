"""The model, ready: a radiograph in, the 30-day risk and where it comes from out."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models import cam, ood
from models.cap_mortality_cxr import preprocess
from models.cap_mortality_cxr.combined import CURB65, MORTALITY_30D_CURB65, SCORE, Combination, Severity, severity_of
from models.cap_mortality_cxr.network import MortalityNet, Output
from models.cap_mortality_cxr.selection import ADULT_YEARS
from models.chest_picture import ChestPicture
from models.chest_position import position_net
from models.contract import ScreeningModel
from models.engines.engine import Part
from models.framing import Array, Frame, analysed_area
from models.frontal_gate import FrontalNet, Refusal, frontal_score
from models.recalibration import Recalibration, recalibrations
from models.strata import by_the_site, stratum_of
from models.weights import fill, pick_device, read_weights
from screening import codes
from screening.card import ModelCard
from screening.codes import CodedName
from screening.errors import WeightsMismatch
from screening.findings import (
    Findings,
    Heatmap,
    Measurement,
    MeasurementGroup,
    NotEvaluable,
    Outcome,
    Qualitative,
    Region,
)
from screening.images import Image, Radiograph
from screening.rounding import rounded
from screening.settings import ModelSettings
from screening.stopwatch import stage
from screening.types import ClinicalContext, Patient

MORTALITY_30D = CodedName(
    value="MORT30D", scheme=codes.PRIVATE_SCHEME, meaning="30-day all-cause mortality probability"
)
HORIZON_DAYS = 30
FAR_FROM_TRAINING = 1.0  # the 99th percentile of validation
FAR_NOTE = "This radiograph lies outside what the model has learned to read: the probability may be far off."
NO_COMBINATION_NOTE = "The weights in use have no coefficients for image and CURB-65 together."
SMALLEST, LARGEST = 32, 1024  # pixels along a side: the network halves five times; above, memory; assumption


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Platt's scaling: p = 1 / (1 + exp(-(intercept + slope * logit))); then what a site recalibrated, if it did."""

    intercept: float
    slope: float
    recalibration: Recalibration | None = None
    combination: Combination | None = None  #: with CURB-65; fitted to what Platt's scaling gives
    combined_recalibration: Recalibration | None = None

    def probability(self, logit: float) -> float:
        """Calibrated probability, 0..1."""
        p = self._platt(logit)
        return p if self.recalibration is None else float(self.recalibration(p))

    def combined(self, logit: float, score: int) -> float | None:
        """Probability, 0..1, from the image and a CURB-65 of 0 to 5; None where the bundle has no coefficients."""
        if self.combination is None:
            return None
        p = self.combination(np.array([self._platt(logit)]), np.array([float(score)]))[0]
        return float(p if self.combined_recalibration is None else self.combined_recalibration(p))

    def _platt(self, logit: float) -> float:
        return float(torch.sigmoid(torch.tensor(self.intercept + self.slope * logit, dtype=torch.float64)))


class CapMortality:
    """30-day mortality in community-acquired pneumonia from one frontal chest radiograph."""

    def __init__(
        self,
        card: ModelCard,
        network: MortalityNet,
        gate: FrontalNet,
        *,
        gate_threshold: float,
        calibration: Calibration,
        ood_constants: Mapping[str, Tensor],
        device: torch.device,
        thresholds: tuple[float, ...] = (),
    ) -> None:
        self._card = card
        self._network = network.to(device).eval()
        self._gate = gate.eval()
        self._position = position_net()
        self._gate_threshold = gate_threshold
        self._calibration = calibration
        self._ood = ood_constants
        self._device = device
        self._thresholds = thresholds

    @property
    def card(self) -> ModelCard:
        """Identity, evidence and limits."""
        return self._card

    def predict(self, image: Image, patient: Patient, context: ClinicalContext) -> Outcome:
        """Risk, heat map and hot spots in source pixels, or why there are none. Deterministic on the CPU; no I/O.

        The clinical context gives the items of CURB-65; the headline is of the image alone. Whether the patient has
        pneumonia is decided before.
        """
        if not isinstance(image, Radiograph):
            return NotEvaluable(code="not-a-radiograph", reason="the image is a volume; a frontal radiograph is needed")
        picture = self._picture(image.pixels)
        refused = _refuse(image.sop_instance_uid, patient, picture)
        if refused is not None:
            return refused
        size = self._card.input_size[0]
        square, frame = preprocess.prepare(image.pixels, size, between=picture.between)
        with torch.inference_mode(), stage("network.mortality"):
            output: Output = self._network(preprocess.to_tensor(square).to(self._device))
            logit = float(output.logit[0])  # waits for the device
        risk = rounded(100 * self._calibration.probability(logit), 2)
        severity = severity_of(patient, context)
        beside = self._beside(logit, severity)
        heat = self._heat(output, size)
        distance = round(float(ood.distance(self._ood, output.features[0].cpu().clone())), 3)
        return Findings(
            groups=(
                self._headline(image, risk),
                *_hot_spots(heat, frame, image),
                # last: a hot spot keeps its number, and viewers their first group
                *(() if not beside else (_group("Chest radiograph with CURB-65", image, beside),)),
            ),
            conclusion=self._conclusion(risk, beside),
            notes=(
                *((FAR_NOTE,) if distance > FAR_FROM_TRAINING else ()),
                *severity.notes,
                *self._lacking(severity),
                *picture.notes(),
            ),
            out_of_distribution=distance,
            heatmap=_cropped(heat, frame, image),
        )

    def refuse_picture(self, pixels: Array) -> Refusal | None:
        """What speaks against float32 (rows, columns) in 0..1 being a whole upright frontal chest, or None."""
        return self._picture(pixels).refusal()

    def _picture(self, pixels: Array) -> ChestPicture:
        return ChestPicture(pixels, self._gate, self._gate_threshold, self._position)

    def parts(self) -> tuple[Part, ...]:
        """The trunk. The gates take no time."""
        size = self._card.input_size[0]
        return (Part(name="trunk", network=self._network.trunk, shape=(1, 1, size, size)),)

    def probe(self) -> float:
        """Probability, 0..1, for a made-up picture, past every refusal: whether these weights make numbers at all.

        Raises
        ------
        WeightsMismatch
            If the check of the view or the distance from the training data makes none.
        """
        rows, columns = np.mgrid[0:1:288j, 0:1:240j]
        pixels = np.asarray(0.5 + 0.3 * np.sin(7 * rows) * np.cos(5 * columns) + 0.1 * rows, np.float32)
        square, _ = preprocess.prepare(pixels, self._card.input_size[0])
        with torch.inference_mode():
            output: Output = self._network(preprocess.to_tensor(square).to(self._device))
        self._heat(output, self._card.input_size[0])
        further = {
            "the score of the view": frontal_score(self._gate, pixels),
            "the distance from the training data": float(ood.distance(self._ood, output.features[0].cpu().clone())),
        }
        for what, value in further.items():
            if not math.isfinite(value):
                raise WeightsMismatch(f"{what} is not finite: {value}")
        return self._calibration.probability(float(output.logit[0]))

    def _heat(self, output: Output, size: int) -> Array:
        weight = self._network.head.weight[0].detach().cpu() * self._calibration.slope
        return cam.heat(cam.class_activation(output.map[0].cpu().clone(), weight), size)

    def _headline(self, image: Radiograph, risk: float) -> MeasurementGroup:
        strata = tuple(
            Qualitative(name=codes.RISK_STRATUM, value=value) for value in stratum_of(risk, self._thresholds)
        )
        return _group("Chest radiograph - analysed area", image, (_risk(MORTALITY_30D, risk),), strata)

    def _beside(self, logit: float, severity: Severity) -> tuple[Measurement, ...]:
        """The probability with CURB-65, if the bundle can tell it, and CURB-65; nothing where an item is not known."""
        if severity.score is None:
            return ()
        both = self._calibration.combined(logit, severity.score)
        score = Measurement(name=CURB65, value=float(severity.score), unit=SCORE)
        return (score,) if both is None else (_risk(MORTALITY_30D_CURB65, rounded(100 * both, 2)), score)

    def _lacking(self, severity: Severity) -> tuple[str, ...]:
        return () if severity.score is None or self._calibration.combination is not None else (NO_COMBINATION_NOTE,)

    def _conclusion(self, risk: float, beside: tuple[Measurement, ...]) -> str:
        both = "".join(
            f" Image and CURB-65 together give {value.value:.0f} %."
            for value in beside
            if value.name == MORTALITY_30D_CURB65
        )
        stratum = by_the_site(stratum_of(risk, self._thresholds))
        return (
            "If the patient has community-acquired pneumonia, the estimated probability of death from any cause within"
            f" 30 days is {risk:.0f} %{stratum}.{both} The estimate does not diagnose pneumonia."
        )


def _refuse(uid: str, patient: Patient, picture: ChestPicture) -> NotEvaluable | None:
    if patient.age_years is None:
        return NotEvaluable(
            code="age-unknown",
            reason="the header gives neither birth date nor age; the model is for adults only",
            sop_instance_uid=uid,
        )
    if patient.age_years < ADULT_YEARS:
        return NotEvaluable(
            code="not-adult",
            reason=f"age is {int(patient.age_years)} years; the model is for {int(ADULT_YEARS)} years and over",
            sop_instance_uid=uid,
        )
    refusal = picture.refusal()
    if refusal is None:
        return None
    return NotEvaluable(code=refusal.code, reason=refusal.reason, sop_instance_uid=uid)


def _risk(name: CodedName, percent: float) -> Measurement:
    return Measurement(name=name, value=percent, unit=codes.PERCENT, horizon_days=HORIZON_DAYS)


def _group(
    tracking_identifier: str,
    image: Radiograph,
    measurements: tuple[Measurement, ...],
    qualitative: tuple[Qualitative, ...] = (),
) -> MeasurementGroup:
    """Values of the whole picture."""
    rows, columns = image.pixels.shape
    return MeasurementGroup(
        tracking_identifier=tracking_identifier,
        finding=codes.PNEUMONIA,
        site=codes.CHEST,
        region=analysed_area((0.0, 0.0, float(columns), float(rows)), image.sop_instance_uid),
        measurements=measurements,
        qualitative=qualitative,
    )


def _cropped(heat: Array, frame: Frame, image: Radiograph) -> Heatmap:
    """The part of the square heat map that lies on the image."""
    (rows, columns), (top, left) = frame.inner, frame.offset
    values = heat[top : top + rows, left : left + columns]
    box = (0.0, 0.0, float(frame.columns), float(frame.rows))
    return Heatmap(values=values.copy(), box=box, sop_instance_uid=image.sop_instance_uid)


def _hot_spots(heat: Array, frame: Frame, image: Radiograph) -> tuple[MeasurementGroup, ...]:
    """0 to 3 hot spots as closed contours in source pixels, kept inside the image."""
    groups = []
    for number, spot in enumerate(cam.hot_spots(heat), start=1):
        ring = [frame.to_source(point) for point in spot.contour]
        inside = [(min(max(x, 0.0), float(frame.columns)), min(max(y, 0.0), float(frame.rows))) for x, y in ring]
        region = Region(graphic_type="POLYLINE", points=tuple(inside), sop_instance_uid=image.sop_instance_uid)
        share = Measurement(name=codes.HEATMAP_FRACTION, value=rounded(100 * spot.fraction, 1), unit=codes.PERCENT)
        groups.append(
            MeasurementGroup(
                tracking_identifier=f"Heatmap hot spot {number}",
                finding=codes.CLASS_ACTIVATION,
                site=codes.CHEST,
                region=region,
                measurements=(share,),
            )
        )
    return tuple(groups)


def load(bundle: Path, *, device: str, threads: int, settings: ModelSettings | None) -> ScreeningModel:
    """Build the model from a bundle.

    Raises
    ------
    WeightsMismatch
        If card, configuration and weights do not belong together.
    """
    torch.set_num_threads(threads)
    card = ModelCard.load(bundle)
    if len(card.input_size) != 2 or len(set(card.input_size)) != 1 or not SMALLEST <= card.input_size[0] <= LARGEST:
        raise WeightsMismatch(
            f"input_size of {card.name} must be two equal numbers of {SMALLEST} to {LARGEST} pixels,"
            f" got {list(card.input_size)}"
        )
    tensors = read_weights(card, bundle)
    network, gate = MortalityNet(), FrontalNet()
    fill(network, _part(tensors, "net."), card.name)
    fill(gate, _part(tensors, "gate."), card.name)
    try:
        values: dict[str, Any] = json.loads((bundle / "configs" / "opportune.json").read_text(encoding="utf-8"))
        if values["preprocessing"]["version"] != preprocess.VERSION:
            raise WeightsMismatch(
                f"weights of {card.name} were trained with preprocessing {values['preprocessing']['version']!r},"
                f" this program has {preprocess.VERSION!r}"
            )
        threshold, again = float(values["gate"]["threshold"]), recalibrations(values)
        if not math.isfinite(threshold):  # NaN would refuse nothing
            raise WeightsMismatch(f"gate.threshold of {card.name} must be finite, got {threshold}")
        return CapMortality(
            card,
            network,
            gate,
            gate_threshold=threshold,
            calibration=Calibration(
                **values["calibration"]["platt"],
                recalibration=again.get("risk"),
                combination=Combination.read(values),
                combined_recalibration=again.get("combined"),
            ),
            ood_constants={name: tensors[f"ood.{name}"] for name in ood.NAMES},
            device=pick_device(device),
            thresholds=settings.thresholds if settings is not None else (),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise WeightsMismatch(f"configuration of {card.name} lacks {exc}") from exc


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
