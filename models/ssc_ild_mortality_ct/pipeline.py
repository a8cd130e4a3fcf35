"""The model, ready: a chest CT in, risks of 1, 3 and 5 years and what they are read from out."""

import math
from pathlib import Path

import numpy as np
import torch

from models.contract import ScreeningModel
from models.ct_selection import is_sharp
from models.engines.engine import Part
from models.ssc_ild_mortality_ct import findings
from models.ssc_ild_mortality_ct.gates import check_lungs, check_scan
from models.ssc_ild_mortality_ct.lung_mask import NoLungs
from models.ssc_ild_mortality_ct.network import CHANNELS
from models.ssc_ild_mortality_ct.preprocess import Lungs, Prepared, find_lungs, prepare_lungs
from models.ssc_ild_mortality_ct.radiomics import Floats, radiomics
from models.ssc_ild_mortality_ct.reader import FUSION, RADIOMICS, Reader, load_reader
from models.ssc_ild_mortality_ct.selection import ADULT_YEARS
from models.strata import by_the_site, stratum_of
from screening.card import ModelCard
from screening.codes import CodedName
from screening.errors import WeightsMismatch
from screening.findings import Findings, NotEvaluable, Outcome
from screening.images import Image, Volume
from screening.rounding import rounded
from screening.settings import ModelSettings
from screening.types import ClinicalContext, Patient

FAR_FROM_TRAINING = 1.0  # the 99th percentile of validation
FAR_NOTE = "This CT lies outside what the model has learned to read: the probabilities may be far off."
DENSE_NOTE = (
    "Lung at -700 to -200 HU is ground glass and reticulation, but also partial volume at edges: about 10 to 13 % are"
    " usual without disease."
)
SHARP_NOTE = "Reconstructed with a sharp kernel: densities and textures are noisier than with a soft one."
CONTRAST_NOTE = "With contrast medium, by the header: vessels and lung read denser than without; nothing is corrected."
METAL_NOTE = "Metal in the body: streaks may change densities and textures beside it."
METAL, LEAST_METAL_ML = 2500.0, 0.2  # HU that bone does not reach (specification); less is noise; assumption
LUNG_WINDOW = (-1350.0, 150.0)  # HU: centre -600, width 1500
STRATUM_YEAR = 5  # whose risk the site's thresholds divide
SLICES, SIZES = (4, 64), (32, 512)  # slices and pixels along a side that a bundle may ask for; memory; assumption
PARTS = {"resnet18": "ResNet-18", "densenet121": "DenseNet-121", "swin": "Swin Transformer", RADIOMICS: "Radiomics"}


class SscIldMortality:
    """Mortality within 1, 3 and 5 years in lung disease of systemic sclerosis, from one chest CT."""

    def __init__(self, card: ModelCard, reader: Reader, *, thresholds: tuple[float, ...] = ()) -> None:
        self._card = card
        self._reader = reader
        self._thresholds = thresholds

    @property
    def card(self) -> ModelCard:
        """Identity, evidence and limits."""
        return self._card

    def predict(self, image: Image, patient: Patient, context: ClinicalContext) -> Outcome:
        """Risks, and the lungs on the slice weighted most, or why there are none. Deterministic on the CPU; no I/O.

        The clinical context does not enter: whether the patient has the disease is decided before.
        """
        del context
        if not isinstance(image, Volume):
            return NotEvaluable(code="not-a-volume", reason="the image is a radiograph; a chest CT is needed")
        refused = _refuse(image, patient) or check_scan(image)
        if refused is not None:
            return refused
        try:
            lungs = find_lungs(image)
            refused = check_lungs(image, lungs)
            if refused is not None:
                return refused
            scan = prepare_lungs(image, lungs, slices=self._reader.slices, size=self._reader.size)
        except NoLungs as exc:
            return NotEvaluable(code="no-lungs", reason=str(exc), sop_instance_uid=image.sop_instance_uids[0])
        return self._findings(image, lungs, scan)

    def parts(self) -> tuple[Part, ...]:
        """The trunk of each network: all slices of a lung at a time."""
        reader = self._reader
        shape = (reader.slices, CHANNELS, reader.size, reader.size)
        return tuple(Part(name=name, network=net.encoder.trunk, shape=shape) for name, net in reader.networks.items())

    def probe(self) -> float:
        """Risk of death within 5 years, 0..1, of a made-up scan, past every refusal: whether these weights compute.

        Raises
        ------
        WeightsMismatch
            If radiomics that the bundle names are not known here, or the distance from the training data is no number.
        """
        reader = self._reader
        z, y, x = np.mgrid[0 : reader.slices, 0 : 1 : reader.size * 1j, 0 : 1 : reader.size * 1j]
        images = (127 + 120 * np.sin(7 * y + z) * np.cos(5 * x)).astype(np.uint8)[None]
        known = set(radiomics(np.full((1, 4, 4), -800, np.float32), np.ones((1, 4, 4), bool), (1.0, 1.0, 1.0)))
        unknown = sorted(set(reader.radiomics.names) - known)
        if unknown:
            raise WeightsMismatch(f"radiomics of {self._card.name} that are not known here: {', '.join(unknown[:5])}")
        reading = reader.read(images, reader.radiomics.mean[None])
        if not math.isfinite(float(reading.distance[0])):
            raise WeightsMismatch(f"the distance from the training data is not finite: {reading.distance[0]}")
        return float(reading.risk[0, -1])

    def _findings(self, volume: Volume, lungs: Lungs, scan: Prepared) -> Findings:
        reading = self._reader.read(scan.scaled[None], self._reader.features(scan))
        view = findings.shown(scan, volume, lungs, reading.attention[0])
        risk = reading.risk[0]
        stratum = stratum_of(rounded(100 * float(risk[STRATUM_YEAR - 1]), 2), self._thresholds)
        distance = round(float(reading.distance[0]), 3)
        places = findings.beside(view)
        headline = findings.headline(view, risk, stratum, next(places))
        parts = [
            findings.part(view, PARTS[name], reading.risks[name][0], next(places))
            for name in reading.risks
            if name != FUSION
        ]
        return Findings(
            groups=(headline, *findings.lungs_on_slice(view), *parts),
            conclusion=_conclusion(risk, stratum),
            notes=_notes(volume, distance),
            out_of_distribution=distance,
            window=LUNG_WINDOW,
            shown=view.uid,
        )


def _refuse(volume: Volume, patient: Patient) -> NotEvaluable | None:
    uid = volume.sop_instance_uids[0]
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
    return None


def _notes(volume: Volume, distance: float) -> tuple[str, ...]:
    header = volume.header
    contrast = header.text("ContrastBolusAgent") or header.text("ContrastBolusAgentSequence")
    metal = float(np.count_nonzero(volume.hu > METAL) * np.prod(volume.spacing)) / 1000
    notes = [
        FAR_NOTE if distance > FAR_FROM_TRAINING else None,
        SHARP_NOTE if is_sharp(header.text("ConvolutionKernel")) else None,
        CONTRAST_NOTE if contrast else None,
        METAL_NOTE if metal >= LEAST_METAL_ML else None,
        DENSE_NOTE,
    ]
    return tuple(note for note in notes if note)


def _conclusion(by_year: Floats, stratum: tuple[CodedName, ...]) -> str:
    one, three, five = (_percent(measured.value) for measured in findings.risks(by_year))
    by_site = by_the_site(stratum, f"{STRATUM_YEAR}-year risk")
    return (
        "If the patient has systemic sclerosis with interstitial lung disease, the estimated probability of death from"
        f" any cause is {one} within 1 year, {three} within 3 years and {five} within 5 years{by_site}."
        " The estimate diagnoses neither disease."
    )


def _percent(value: float) -> str:
    return f"{value:.0f} %" if value >= 1 else "less than 1 %"


def load(bundle: Path, *, device: str, threads: int, settings: ModelSettings | None) -> ScreeningModel:
    """Build the model from a bundle.

    Raises
    ------
    WeightsMismatch
        If card, configuration and weights do not belong together.
    """
    torch.set_num_threads(threads)
    card = ModelCard.load(bundle)
    size = card.input_size
    if len(size) != 3 or size[1] != size[2] or not SLICES[0] <= size[0] <= SLICES[1] or not _fits(size[1]):
        raise WeightsMismatch(
            f"input_size of {card.name} must be {SLICES[0]} to {SLICES[1]} slices of two equal numbers of {SIZES[0]} to"
            f" {SIZES[1]} pixels, got {list(size)}"
        )
    reader = load_reader(bundle, device=device)
    return SscIldMortality(card, reader, thresholds=settings.thresholds if settings is not None else ())


def _fits(pixels: int) -> bool:
    return SIZES[0] <= pixels <= SIZES[1]
