"""The model, ready: a lateral lumbar radiograph in, risks of 1, 2, 3 and 5 years and the five levels out."""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from models.contract import ScreeningModel
from models.engines.engine import Part
from models.framing import Array, Frame
from models.frontal_gate import FrontalNet, Refusal, check_values, frontal_score, shared_gate
from models.spine_fracture_xr import findings
from models.spine_fracture_xr.gates import check_photometry, check_points
from models.spine_fracture_xr.hardware import check_hardware
from models.spine_fracture_xr.keypoints import LEVELS, Located
from models.spine_fracture_xr.network import FULL
from models.spine_fracture_xr.preprocess import scale
from models.spine_fracture_xr.reader import FractureReader, Reading, load_reader
from models.spine_fracture_xr.referral import Referral, prior_fracture, referral_of
from models.spine_fracture_xr.selection import OLDEST, YOUNGEST, age_objection
from models.strata import by_the_site, stratum_of
from screening.card import ModelCard
from screening.codes import CodedName
from screening.errors import WeightsMismatch
from screening.findings import Findings, Measurement, NotEvaluable, Outcome
from screening.images import Image, Radiograph
from screening.settings import ModelSettings
from screening.types import ClinicalContext, Patient

HORIZONS = (1, 2, 3, 5)  # years
STRATUM_YEAR = 5  # whose risk the site's thresholds divide
SQUARE = 256  # pixels along each side of what is kept of a radiograph, as in training
# Log odds of the gate that recognises frontal chests. It was above 7 on a real one whose spine the keypoints took for a
# lumbar one, and below 0 on 24 simulated lumbar spines
CHEST = 3.0
SURE = 0.7  # confidence of the least sure level from which on no further doubt is looked into; of 93 simulated spines
# without metal three were less sure and yet found, with screws or cement nearly all are
FAR_FROM_TRAINING = 1.0  # the 99th percentile of validation
FAR_NOTE = "This radiograph lies outside what the model has learned to read: the probabilities may be far off."
NO_SIZE_NOTE = (
    "The header does not tell the size of a pixel: whether the vertebrae have a plausible size was not checked."
)
METAL_NOTE = (
    "Metal, cement and blur are not always recognised in the picture; a fracture that is there and a bent position"
    " (flexion, extension) never are: with any of them the probabilities do not hold."
)


class SpineFracture:
    """Risk of a new vertebral fracture from one lateral lumbar radiograph and what is known of the patient."""

    def __init__(self, reader: FractureReader, chests: FrontalNet, *, thresholds: tuple[float, ...] = ()) -> None:
        self._reader = reader
        self._chests = chests
        self._thresholds = thresholds

    @property
    def card(self) -> ModelCard:
        """Identity, evidence and limits."""
        return self._reader.card

    def predict(self, image: Image, patient: Patient, context: ClinicalContext) -> Outcome:
        """Risks and the centres of L1 to L5 in source pixels, or why there are none. Deterministic on the CPU; no I/O.

        The clinical context gives BMI and the yes or no items of the referral.
        """
        if not isinstance(image, Radiograph):
            return NotEvaluable(code="not-a-radiograph", reason="the image is a volume; a lateral radiograph is needed")
        refused = _refuse_patient(patient, context) or check_values(image.pixels)
        if refused is not None:
            return _not_evaluable(refused, image)
        frame = Frame(rows=image.pixels.shape[0], columns=image.pixels.shape[1], size=SQUARE)
        square = frame.apply(scale(image.pixels))
        located = self._reader.find(square[None])
        points = np.array([frame.to_source((float(x), float(y))) for x, y in located.points[0]])
        refused = (
            check_points(points, located.peaks[0], image.pixels.shape, image.spacing)
            or check_photometry(square, located.points[0])
            or self._refuse_doubtful(image.pixels, square, located)
        )
        if refused is not None:
            return _not_evaluable(refused, image)
        referral = referral_of(patient, image.header, context)
        return self._findings(image, square, located, points, referral)

    def _refuse_doubtful(self, pixels: Array, square: Array, located: Located) -> Refusal | None:
        """What else may be shown where a level is not sure: a chest, whose bodies lie in a row too, or metal."""
        if located.peaks[0].min() >= SURE:
            return None
        if frontal_score(self._chests, pixels) >= CHEST:
            return Refusal(code="frontal-chest", reason="the picture looks like a frontal chest radiograph")
        return check_hardware(square, located.points[0])

    def parts(self) -> tuple[Part, ...]:
        """The keypoints' network, and the trunk over canvas or patches. The gate and the arms take no time."""
        reader = self._reader
        size, view = reader.keypoint_size, reader.view
        return (
            Part(name="keypoints", network=reader.keypoints, shape=(1, 1, size, size)),
            Part(name="trunk", network=reader.net.encoder.trunk, shape=(view.channels, 1, view.size, view.size)),
        )

    def probe(self) -> float:
        """Risk of a fracture within 5 years, 0..1, of a made-up picture, past every refusal: do these weights compute.

        Raises
        ------
        WeightsMismatch
            If the keypoints or the distance from the training data make no finite number.
        """
        rows, columns = np.mgrid[0 : 1 : SQUARE * 1j, 0 : 1 : SQUARE * 1j]
        square = np.asarray(0.5 + 0.3 * np.sin(7 * rows) * np.cos(5 * columns) + 0.1 * rows, np.float32)
        column = np.stack([np.full(5, SQUARE / 2), np.linspace(0.2, 0.8, 5) * SQUARE], 1)
        reading = self._read(square, column, np.full(7, np.nan))
        further = {
            "the confidence of the keypoints": float(self._reader.find(square[None]).peaks.sum()),
            "the distance from the training data": float(reading.distance[0]),
        }
        for what, value in further.items():
            if not math.isfinite(value):
                raise WeightsMismatch(f"{what} is not finite: {value}")
        return self._risks(reading)[STRATUM_YEAR]

    def _read(self, square: npt.NDArray[np.float32], points: findings.Floats, items: findings.Floats) -> Reading:
        return self._reader.read(self._reader.show(square[None], points[None]), items[None])

    def _risks(self, reading: Reading) -> dict[int, float]:
        """By year, 0..1; Breslow."""
        found = self._reader.calibration.risk(reading.hazards[FULL], [float(years) for years in HORIZONS])[0]
        return dict(zip(HORIZONS, map(float, found), strict=True))

    def _findings(
        self, image: Radiograph, square: npt.NDArray[np.float32], located: Located, points: findings.Floats,
        referral: Referral,
    ) -> Findings:  # fmt: skip
        reading = self._read(square, located.points[0], referral.values)
        told = findings.risks(self._risks(reading))
        stratum = stratum_of(next(m.value for m in told if m.name == findings.RISK[STRATUM_YEAR]), self._thresholds)
        head = findings.headline(
            told,
            log_hazard=float(self._reader.calibration.log_hazard(reading.hazards[FULL])[0]),
            percentile=float(reading.percentile[0]),
            confidence=float(located.peaks[0].min()),
            region=findings.analysed_area(points, image.pixels.shape, image.sop_instance_uid),
            stratum=stratum,
        )
        distance = round(float(reading.distance[0]), 3)
        far = (FAR_NOTE,) if distance > FAR_FROM_TRAINING else ()
        notes = (*far, *referral.notes, *_attention(reading), METAL_NOTE)
        return Findings(
            groups=(head, *findings.centres(points, image.sop_instance_uid)),
            conclusion=_conclusion(told, stratum),
            notes=notes if image.spacing is not None else (*notes, NO_SIZE_NOTE),
            out_of_distribution=distance,
        )


def _refuse_patient(patient: Patient, context: ClinicalContext) -> Refusal | None:
    if patient.age_years is None:
        return Refusal(
            code="age-unknown",
            reason=f"the header gives neither birth date nor age; the model is for {YOUNGEST} to {OLDEST} years only",
        )
    objection = age_objection(patient.age_years)
    if objection is not None:
        return Refusal(code=objection[0], reason=objection[1])
    if prior_fracture(context):
        return Refusal(
            code="prior-fracture",
            reason="the clinical context tells of an earlier fracture; the model has learned from nobody with one",
        )
    return None


def _not_evaluable(refusal: Refusal, image: Radiograph) -> NotEvaluable:
    return NotEvaluable(code=refusal.code, reason=refusal.reason, sop_instance_uid=image.sop_instance_uid)


def _attention(reading: Reading) -> tuple[str, ...]:
    """The share of each level, where the network weighs patches apart."""
    shares = reading.attention[0]
    if not np.isfinite(shares).all():
        return ()
    told = ", ".join(f"{level} {share:.0%}" for level, share in zip(LEVELS, shares, strict=True))
    return (f"Share of the network's attention on each level: {told}.",)


def _conclusion(told: tuple[Measurement, ...], stratum: tuple[CodedName, ...]) -> str:
    *first, last = (
        f"{_percent(m.value)} within {years} year{'s' * (years > 1)}" for years, m in zip(HORIZONS, told, strict=True)
    )
    by_site = by_the_site(stratum, f"{STRATUM_YEAR}-year risk")
    return (
        "If the patient has had no fragility fracture and takes no drug against osteoporosis, the estimated probability"
        f" of a new vertebral fracture is {', '.join(first)} and {last}{by_site}."
        " The estimate does not tell whether a vertebra is fractured now."
    )


def _percent(value: float) -> str:
    return f"{value:.0f} %" if value >= 1 else "less than 1 %"


def load(bundle: Path, *, device: str, threads: int, settings: ModelSettings | None) -> ScreeningModel:
    """Build the model from a bundle.

    Raises
    ------
    WeightsMismatch
        If card, configuration and weights do not belong together, or the baseline ends before the last horizon.
    """
    torch.set_num_threads(threads)
    reader = load_reader(bundle, device=device)
    follow_up = reader.calibration.baseline.follow_up
    if follow_up < HORIZONS[-1]:
        raise WeightsMismatch(f"the baseline of {reader.card.name} ends at {follow_up:g} years, before {HORIZONS[-1]}")
    return SpineFracture(reader, shared_gate(), thresholds=settings.thresholds if settings is not None else ())
