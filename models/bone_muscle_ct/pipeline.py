"""The model, ready: an abdominal CT in, fractures now and ahead out, and what was measured of bone and muscle."""

import math
from pathlib import Path

import numpy as np
import torch

from models.bone_muscle_ct import remarks
from models.bone_muscle_ct.findings import Result, groups_of, percent, segments_of
from models.bone_muscle_ct.gates import check_levels, check_scan
from models.bone_muscle_ct.layout import SLICES
from models.bone_muscle_ct.places import Scan
from models.bone_muscle_ct.prepare import Prepared, prepare_segmented, upright
from models.bone_muscle_ct.preprocess import CHANNELS, Stack
from models.bone_muscle_ct.quality import muscle_cut_off, vessels
from models.bone_muscle_ct.reader import Reader, load_reader
from models.bone_muscle_ct.segmentation import FOLD, TYPICAL, WINDOWS
from models.bone_muscle_ct.selection import ADULT_YEARS
from models.contract import ScreeningModel
from models.engines.engine import Part
from models.strata import by_the_site, stratum_of
from screening.card import ModelCard
from screening.codes import CodedName
from screening.errors import WeightsMismatch
from screening.findings import Findings, NotEvaluable, Outcome
from screening.images import Image, Volume
from screening.settings import ModelSettings
from screening.types import ClinicalContext, Patient

WINDOW = (-160.0, 240.0)  # HU: soft tissue, centre 40, width 400
STRATUM_YEAR = 5  # whose risk the site's thresholds divide
SIZES = (16, 256)  # pixels along a side that a bundle may ask for; memory; assumption


class BoneMuscle:
    """Vertebral fractures now and within five years, with trabecular bone and muscle, from one abdominal CT."""

    def __init__(self, card: ModelCard, reader: Reader, *, thresholds: tuple[float, ...] = ()) -> None:
        self._card = card
        self._reader = reader
        self._thresholds = thresholds

    @property
    def card(self) -> ModelCard:
        """Identity, evidence and limits."""
        return self._card

    def predict(self, image: Image, patient: Patient, context: ClinicalContext) -> Outcome:
        """Probabilities and measurements, or measurements alone, or why there are none. Deterministic; no I/O.

        The clinical context does not enter.
        """
        del context
        if not isinstance(image, Volume):
            return NotEvaluable(code="not-a-volume", reason="the image is a radiograph; an abdominal CT is needed")
        refused = _refuse(image, patient) or check_scan(image)
        if refused is not None:
            return refused
        hu, affine = upright(image)  # axial by now: its axes stay as they are
        found = self._reader.segment(hu, image.spacing)
        refused = check_levels(image, found)
        if refused is not None:
            return refused
        try:
            prepared = prepare_segmented(hu, affine, found, size=self._reader.size, pixel=self._reader.pixel)
        except ValueError as exc:  # of `lay_out`
            return NotEvaluable(
                code="levels-doubtful",
                reason=f"the vertebrae cannot be counted with confidence: {exc}",
                sop_instance_uid=image.sop_instance_uids[len(hu) // 2],
            )
        return self._findings(image, prepared, patient)

    def parts(self) -> tuple[Part, ...]:
        """The U-Net, whose window follows the body, and the trunks over all slices with their bones and muscles."""
        reader = self._reader
        shape = (SLICES, CHANNELS, reader.size, reader.size)
        window = (1, len(WINDOWS) * FOLD**3, *(side // FOLD for side in TYPICAL))
        return (
            Part(name="segmentation", network=reader.segmentation.unet, shape=window, varying=(2, 3, 4)),
            Part(name="both", network=reader.both.encoder.trunk, shape=shape),
            Part(name="bone", network=reader.bone.encoder.trunk, shape=shape),
        )

    def probe(self) -> float:
        """Probability of a fracture within 5 years, 0..1, of made-up slices, past every refusal.

        Raises
        ------
        WeightsMismatch
            If the distance from the training data is no number.
        """
        size = self._reader.size
        z, y, x = np.mgrid[0:SLICES, 0 : 1 : size * 1j, 0 : 1 : size * 1j]
        bone = (y - 0.45) ** 2 + (x - 0.5) ** 2 < 0.03
        muscle = ((y - 0.7) ** 2 + (x - 0.5) ** 2 < 0.06) & ~bone
        pictures = (120 + 60 * np.sin(9 * y + z) * np.cos(7 * x)).astype(np.uint8)
        stack = Stack(pictures=pictures, bone=bone, muscle=muscle, present=np.ones(SLICES, np.bool_))
        reading = self._reader.read([stack])
        if not math.isfinite(float(reading.distance[0])):
            raise WeightsMismatch(f"the distance from the training data is not finite: {reading.distance[0]}")
        return float(reading.risks[0, -1])

    def _findings(self, volume: Volume, prepared: Prepared, patient: Patient) -> Outcome:
        measured, found = prepared.measurements, prepared.segmentation
        k = measured.slice_l3
        whole = k is not None and not muscle_cut_off(found.muscles[k], volume.hu[k], volume.spacing[1:])
        spoilt = remarks.against_networks(measured)
        reading = None if spoilt else self._reader.read([prepared.stack])
        withheld: tuple[str, ...] = (spoilt,) if spoilt else ()
        stratum: tuple[CodedName, ...] = ()
        if reading is not None:
            withheld = remarks.against_risk(patient, reading)
            stratum = () if withheld else stratum_of(percent(reading.risks[0, STRATUM_YEAR - 1]), self._thresholds)
        scan = Scan(volume=volume, prepared=prepared)
        result = Result(scan=scan, reading=reading, risk=reading is not None and not withheld, muscle=whole,
                        stratum=stratum)  # fmt: skip
        groups = groups_of(result)
        if not groups:
            return NotEvaluable(
                code="nothing-measured",
                reason=f"no probability and no measurement can be given: {'; '.join(withheld) or 'no bone to measure'}",
                sop_instance_uid=volume.sop_instance_uids[len(volume.hu) // 2],
            )
        return Findings(
            groups=groups,
            conclusion=remarks.conclusion_of(result, withheld, by_the_site(stratum, f"{STRATUM_YEAR}-year risk")),
            notes=remarks.notes_of(volume.header, vessels(volume.hu, found), volume.spacing[0], result, withheld),
            out_of_distribution=None if reading is None else round(float(reading.distance[0]), 3),
            window=WINDOW,
            shown=None if k is None else volume.sop_instance_uids[k],
            segments=segments_of(result),
        )


def _refuse(volume: Volume, patient: Patient) -> NotEvaluable | None:
    if patient.age_years is None or patient.age_years >= ADULT_YEARS:
        return None  # an unknown age withholds the risk alone
    return NotEvaluable(
        code="not-adult",
        reason=f"age is {int(patient.age_years)} years; the model is for {int(ADULT_YEARS)} years and over",
        sop_instance_uid=volume.sop_instance_uids[0],
    )


def load(bundle: Path, *, device: str, threads: int, settings: ModelSettings | None) -> ScreeningModel:
    """Build the model from a bundle.

    Raises
    ------
    WeightsMismatch
        If card, configuration and weights do not belong together.
    """
    torch.set_num_threads(threads)
    card = ModelCard.load(bundle)
    reader = load_reader(bundle, device=device)
    if card.input_size != (SLICES, reader.size, reader.size) or not SIZES[0] <= reader.size <= SIZES[1]:
        raise WeightsMismatch(
            f"input_size of {card.name} must be {SLICES} slices of two equal numbers of {SIZES[0]} to {SIZES[1]}"
            f" pixels, as its preprocessing has them, got {list(card.input_size)}"
        )
    return BoneMuscle(card, reader, thresholds=settings.thresholds if settings is not None else ())
